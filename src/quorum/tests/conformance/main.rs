//! The original decides: one suite that Debian's etcd and our voters answer alike.
//!
//! Each subject is a file of requests and answers in `answers/`. The answers were written by etcd
//! (set `MESOFORM_RECORD_ANSWERS=1` and run its tests to write them anew), and each is then asked of
//! etcd, of one voter of ours, and of three by way of one that follows. Where we mean to differ both
//! answers stand there with the reason: `answers/differences.txt` is the table of these, and nothing
//! else may differ. `full` walks the way out of a full database. `random` asks what nobody thought of. Without `etcd` on the machine its part says
//! so and passes.

// Helpers of tests, though not themselves marked as such.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod ask;
#[allow(dead_code)]
#[path = "../common/mod.rs"]
mod common;
mod engine;
mod full;
mod http;
mod random;
mod script;
mod show;
mod streams;
mod words;

use engine::Engine;

macro_rules! subjects {
    ($($subject:ident),*) => {
        $(mod $subject {
            use super::{Engine, script};

            #[tokio::test]
            async fn as_etcd_wrote_it() {
                if let Some(etcd) = Engine::etcd().await {
                    script::run(stringify!($subject), etcd).await;
                }
            }

            #[tokio::test]
            async fn by_one_voter() {
                script::run(stringify!($subject), Engine::one_voter().await).await;
            }

            #[tokio::test]
            async fn by_a_follower() {
                script::run_without_elections(stringify!($subject)).await;
            }
        })*
    };
}

subjects!(
    range,
    put,
    delete,
    txn,
    compact,
    watch,
    lease,
    cluster,
    maintenance,
    election,
    lock,
    unknown,
    differences
);
