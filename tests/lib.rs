//! The rig: real hosts on one machine, and a small language to tell stories about them.
//!
//! A host is a Debian with systemd and sshd of its own, with its own address in a network that no
//! other rig shares. Stories drive a cluster only through the command line and HTTP, as its users do.
//! `README.md` beside this file tells how to write one.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a library of tests: what fails here fails the story that is told"
)]

mod alone;
mod app;
mod base;
mod cgroup;
mod cluster;
mod crowd;
mod etcdctl;
mod events;
mod host;
mod http;
mod listing;
mod network;
mod prober;
mod process;
mod rig;
mod run;
mod sweep;
mod tree;
mod unit;
mod wait;

pub use alone::{Alone, User};
pub use app::{App, Task};
pub use cluster::Cluster;
pub use crowd::Crowd;
pub use etcdctl::Watch;
pub use events::Changes;
pub use host::Host;
pub use http::{Answer, Request};
pub use listing::Listing;
pub use prober::Prober;
pub use rig::Rig;
pub use run::{Run, Running};
pub use unit::Unit;
pub use wait::eventually;
