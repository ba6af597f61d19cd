//! What a host tells of its services (`mesoform report`, asked over the connection to the host, so
//! that nothing but SSH must be reachable from the operator's machine).

use crate::Service;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// All services of one host. While a cluster is upgraded, reports of several versions meet: what one
/// does not know is passed over, and what it misses is empty.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct HostReport {
    /// Of the `mesoform` that made this report.
    pub version: String,
    pub arch: String,
    pub services: BTreeMap<Service, ServiceReport>,
}

/// One service: what systemd says, and what it says itself.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ServiceReport {
    /// systemd's word: `active`, `activating`, `failed`, …; empty where systemd does not know.
    pub active: String,
    /// The service's own words about what it does or waits for.
    pub status: String,
    pub view: Option<View>,
    /// Why it did not answer.
    pub error: Option<String>,
}

impl ServiceReport {
    /// Where systemd does not know, the service's own answer counts.
    pub fn is_up(&self) -> bool {
        matches!(self.active.as_str(), "active" | "")
    }
}

/// What a service sees of the cluster.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "service", rename_all = "lowercase")]
pub enum View {
    Quorum(QuorumView),
    Master(MasterView),
    Scheduler(SchedulerView),
    Agent(AgentView),
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct QuorumView {
    pub member_id: u64,
    /// 0: no leader is known.
    pub leader_id: u64,
    pub term: u64,
    /// The store's revision.
    pub revision: i64,
    pub raft_index: u64,
    pub db_size: i64,
    /// The names of all members.
    pub members: Vec<String>,
}

/// As `GET /mesoform/status` of a master; what a later version adds is passed over.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct MasterView {
    pub leading: bool,
    pub leader: Option<Leader>,
    pub agents: Vec<AgentEntry>,
    pub frameworks: Vec<FrameworkEntry>,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Leader {
    pub host: String,
    pub http: String,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AgentEntry {
    pub id: String,
    pub hostname: String,
    pub registered: bool,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct FrameworkEntry {
    pub id: String,
    pub name: String,
    pub connected: bool,
}

/// As `GET /mesoform/status` of a scheduler.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SchedulerView {
    pub leading: bool,
    pub leader: Option<Leader>,
    pub framework_id: Option<String>,
    pub connected_master: Option<String>,
    /// Known where it leads.
    pub apps: Option<usize>,
}

/// As `GET /mesoform/status` of an agent.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AgentView {
    pub agent_id: Option<String>,
    pub registered: bool,
    pub master: Option<String>,
    /// How many are in which state.
    pub tasks: BTreeMap<String, usize>,
}
