//! What is written into the log and said between voters.
//!
//! Field numbers are never used for another meaning. Every request says how it is to be read, and which
//! levels its sender knows (see [`crate::levels`]): a voter that does not understand it says so instead of
//! guessing.

mod commands;
mod convert;
mod entries;
mod peer;
mod seal;
mod stubs;

pub use commands::{Batch, Command, Refusal, Replies, Reply, command, reply};
pub use entries::{LogEntry, decode_entry, encode_entry};
pub use peer::*;
pub use seal::{SealError, seal, unseal};
pub use stubs::{client::PeerClient, server::Peer, server::PeerServer};

/// How introductions are to be read, which voters of all versions exchange: this never changes.
pub const INTRODUCTORY: u32 = 1;
