use crate::{HttpSettings, PkiPaths, QuorumClientSettings, Settings};
use serde::{Deserialize, Serialize};

/// `scheduler.yml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SchedulerSettings {
    pub format: u32,
    pub cluster: String,
    pub hostname: String,
    /// The Marathon API (8080).
    pub http: HttpSettings,
    /// `host:port` of every master's port for the cluster's own parts (5055).
    pub masters: Vec<String>,
    pub quorum: QuorumClientSettings,
    pub pki: PkiPaths,
    /// How long the masters keep the tasks of a scheduler that is gone.
    pub failover_timeout_ms: u64,
    /// How long the leadership outlives a scheduler that stops answering.
    pub leadership_ttl_ms: u64,
}

impl Settings for SchedulerSettings {
    fn format(&self) -> u32 {
        self.format
    }
}
