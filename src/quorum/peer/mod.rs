//! The voters among themselves, on the peer port: gRPC over mutual TLS, the role `quorum` on both
//! sides.

mod directory;
mod lane;
mod lanes;
mod links;
mod network;
mod peers;
mod pulse;
mod reach;
mod service;
mod snapshots;

pub use directory::Directory;
#[cfg(test)]
pub use links::NotConnected;
pub use links::{Links, was_never_sent};
pub use network::Network;
pub use peers::Peers;
pub use pulse::Pulse;
pub use service::PeerService;

#[cfg(test)]
mod tests;
