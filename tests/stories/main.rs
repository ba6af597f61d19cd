//! The stories, each named for what a user does or meets. `tests/run` runs them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "these are tests")]

mod connections;
mod first_cluster;
mod host_dies;
mod rig_boots;
