//! Documents of whole clusters, as `mesoform render` makes them: what they look like, and what those say
//! of them that machines boot with.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "tests, with helpers outside of test functions"
)]

mod engine;
mod fetch;
mod kit;
mod oracles;
mod sizes;
mod snapshots;
