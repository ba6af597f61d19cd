//! What is written into the log and said between voters.
//!
//! Field numbers are never used for another meaning. [`PROTOCOL`] stands in every request: a voter
//! that does not know it says so instead of guessing.

mod commands;
mod convert;
mod entries;
mod peer;
mod stubs;

pub use commands::{Batch, Command, Refusal, Replies, Reply, command, reply};
pub use entries::{LogEntry, decode_entry, encode_entry};
pub use peer::*;
pub use stubs::{client::PeerClient, server::Peer, server::PeerServer};

/// The version of the voters' protocol.
pub const PROTOCOL: u32 = 1;
