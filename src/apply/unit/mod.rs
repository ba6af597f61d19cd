//! Tests on a folder that stands for a host, with a systemd in memory.

mod carry;
mod clear_up;
mod commands;
mod fake;
mod local;
mod others;
mod rig;
pub use rig::Rig;
mod sessions;
mod tree;
