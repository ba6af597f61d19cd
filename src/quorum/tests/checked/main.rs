//! Proofs under fire: real voters in processes of their own, clients that record what they see, faults,
//! and then the judges (`mesoform-checks`). The same trials run against Debian's `etcd`, and against
//! services that lie: the judges must accept the one and catch the others.
//!
//! `MESOFORM_SEED` repeats the choices of one run (not its timing), `MESOFORM_LONG=1` gives each trial its
//! full budget, `RUST_LOG` goes into the logs of the voters, `MESOFORM_KEEP=1` keeps them.

// Helpers of tests, though not themselves marked as such.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

#[path = "../common/pki.rs"]
mod pki;

mod kit;
mod liar;
mod trial;

mod liars;
mod original;
mod paused_leader;
mod under_fire;
mod upgrade;
