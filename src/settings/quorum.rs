use crate::{PkiPaths, Settings};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::PathBuf;

/// A place in the quorum. Its Raft id is not here: that is drawn when a data directory is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Voter {
    /// The slot's name, `zoo_id` of the inventory (1…255).
    pub slot: u8,
    /// The host's name in the inventory: the member name that `etcdctl member list` shows.
    pub name: String,
    /// `host:port` for the other voters.
    pub peer: String,
    /// `host:port` for clients.
    pub client: String,
}

/// `quorum.yml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuorumSettings {
    pub format: u32,
    /// The cluster's name: data and peers of another cluster are refused.
    pub cluster: String,
    /// Which of `voters` this one is.
    pub slot: u8,
    /// All voters, this one included, in order of slots.
    pub voters: Vec<Voter>,
    pub listen_client: SocketAddr,
    pub listen_peer: SocketAddr,
    pub data_dir: PathBuf,
    pub pki: PkiPaths,
    pub heartbeat_ms: u64,
    /// A follower that hears nothing stands for election after a random time from once to one and a half
    /// times this.
    pub election_timeout_ms: u64,
}

impl Settings for QuorumSettings {
    fn format(&self) -> u32 {
        self.format
    }
}
