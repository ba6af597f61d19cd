use crate::{HttpSettings, PkiPaths, QuorumClientSettings, RenewalSettings, Settings};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

/// `master.yml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MasterSettings {
    pub format: u32,
    pub cluster: String,
    /// This host's name, with its domain.
    pub hostname: String,
    /// The Mesos HTTP APIs (5050).
    pub http: HttpSettings,
    /// The port of the cluster's own parts (5055), mutual TLS always: agents, and our scheduler.
    pub listen_agents: SocketAddr,
    /// `host:port` under which they reach it.
    pub advertise_agents: String,
    pub quorum: QuorumClientSettings,
    pub pki: PkiPaths,
    /// None: this master renews nobody's certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renewal: Option<RenewalSettings>,
    /// How often an agent is asked for a sign of life.
    pub agent_ping_ms: u64,
    /// How many missed pings make an agent unreachable.
    pub agent_ping_misses: u32,
    /// How long known agents may take to register again after a change of the leading master.
    pub agent_reregister_ms: u64,
    /// How long the leadership outlives a master that stops answering.
    pub leadership_ttl_ms: u64,
}

impl Settings for MasterSettings {
    fn format(&self) -> u32 {
        self.format
    }
}
