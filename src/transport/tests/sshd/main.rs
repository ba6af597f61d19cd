//! Against a real sshd on 127.0.0.1, with OpenSSH's own tools as the judge. Where sshd is not
//! installed these tests say so and pass; with CI=true that is a failure.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "these are tests"
)]

mod carrying;
mod host_keys;
mod jumping;
mod kit;
mod login;
mod streams;
