//! Connections to hosts: over SSH, or to this machine.
//!
//! [`Wanted`] is what an inventory says about reaching a host; [`Wanted::resolve`] completes it from
//! OpenSSH's own configuration into a [`Target`]; [`Connection::open`] connects, checks the host key
//! as OpenSSH does and authenticates. On a connection one can run a command ([`Connection::exec`]),
//! hold a conversation with one ([`Connection::stream`]), and start a session with the mesoform
//! binary of a certain hash, which is carried over first where it is missing
//! ([`Connection::session`]).

mod auth;
mod carrier;
mod carry;
mod channel;
mod connection;
mod elevate;
mod error;
mod known_hosts;
mod local;
mod place;
mod resolve;
mod root_shell;
mod secret;
mod ssh;
mod ssh_config;
mod target;
mod wanted;

pub use auth::{Auth, Passphrase};
pub use carrier::Carrier;
pub use carry::{Artifact, Carry, Progress, VERSIONS};
pub use channel::{Channel, ChannelEnd, ChannelReader, ChannelWriter, Exit, Output};
pub use connection::Connection;
pub use elevate::Elevate;
pub use error::{OldKey, ShownKey, TransportError};
pub use known_hosts::{Entry, KnownHosts, Marker, Verdict};
pub use place::Place;
pub use secret::Secret;
pub use target::{HostKeyChecking, Kind, Target};
pub use wanted::Wanted;

/// What this crate's functions return.
pub type Result<T, E = TransportError> = std::result::Result<T, E>;
