//! Doors on real sockets, with reqwest and raw TCP as their clients.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod access;
mod crowd;
mod endurance;
mod http2;
mod kit;
mod probes;
