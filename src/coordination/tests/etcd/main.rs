//! The shell against the original: Debian's etcd, over TLS with certificates of our own making.
//!
//! Needs `etcd` and `etcdctl` in PATH (`apt-get install etcd-server etcd-client`). Where they miss
//! these tests fail in CI (`CI=true`), and elsewhere say that they did not run.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may fail")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a test may say what it measured")]

mod elections;
mod foreign;
mod kit;
mod old;
mod outages;
mod reads;
