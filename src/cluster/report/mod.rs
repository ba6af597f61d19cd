//! What a host tells of its services (`mesoform report`, asked over the connection to the host, so
//! that nothing but SSH must be reachable from the operator's machine).

mod certificate;
mod etcd;
mod renewal;

pub use certificate::{CA, CertificateView};
pub use etcd::{EtcdMember, EtcdView};
pub use renewal::RenewalView;

use crate::membership::RosterMember;
use crate::{Reports, Service};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// All services of one host. While a cluster is upgraded, reports of several versions meet: what one
/// does not know is passed over, and what it misses is empty.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct HostReport {
    /// Of the `mesoform` that made this report.
    pub version: String,
    pub arch: String,
    pub services: BTreeMap<Service, ServiceReport>,
    /// Those of the services, and the root's.
    pub certificates: Vec<CertificateView>,
    /// Where an etcd stands in the quorum's place, and something here uses it.
    pub etcd: Option<EtcdView>,
    /// Of those of the services, where the host renews them by itself.
    pub renewal: Option<RenewalView>,
    /// Folders with what its voter had before a new quorum began, which nobody but the operator removes.
    pub kept: Vec<PathBuf>,
}

impl HostReport {
    /// What the host's voter says, where one answers.
    pub fn quorum(&self) -> Option<&QuorumView> {
        match self.services.get(&Service::Quorum)?.view.as_ref()? {
            View::Quorum(view) => Some(view),
            _ => None,
        }
    }
}

/// What the voters say, by host.
pub fn quorum_views(reports: &Reports) -> impl Iterator<Item = (&String, &QuorumView)> {
    reports.iter().filter_map(|(host, report)| Some((host, report.as_ref().ok()?.quorum()?)))
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
    /// It runs with settings from before those that lie there, by which it was asked.
    pub outdated: bool,
}

impl ServiceReport {
    /// Where systemd does not know, the service's own answer counts.
    pub fn is_up(&self) -> bool {
        matches!(self.active.as_str(), "active" | "")
    }

    /// It runs, and what it would say is not known: it is asked where it will listen, and does not yet.
    pub fn is_elsewhere(&self) -> bool {
        self.is_up() && self.view.is_none() && self.outdated
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
    /// Bytes that its data take on disk.
    pub db_size: i64,
    /// What of them holds something; 0: it was not told.
    pub db_size_in_use: i64,
    /// The names of all members.
    pub members: Vec<String>,
    /// The same with what is known of them.
    pub roster: Vec<RosterMember>,
    /// It has the data and no vote.
    pub learner: bool,
    /// The index of the last log entry that its data hold.
    pub applied: u64,
    /// 0: it belongs to none yet.
    pub cluster_id: u64,
    /// The quorum's level: what all its voters can read. 0 where its version does not say.
    pub level: u32,
    /// The newest level that it knows itself.
    pub newest_level: u32,
    /// The ids of the voters whose disks are nearly full, as far as it knows.
    pub full: Vec<u64>,
    /// Where its data are.
    pub data_dir: Option<PathBuf>,
}

impl QuorumView {
    /// Whether it knows a leader that leads: one that has lost its majority is still heard by those that
    /// follow it, and says itself that it leads nobody.
    pub fn is_led<'v>(&self, mut all: impl Iterator<Item = &'v Self>) -> bool {
        self.leader_id != 0
            && !all.any(|own| own.member_id == self.leader_id && own.leader_id != own.member_id)
    }
}

/// As `GET /mesoform/status` of a master; what a later version adds is passed over.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct MasterView {
    pub leading: bool,
    /// The fencing token that it leads with, where it leads: quorum and revision.
    pub quorum: Option<String>,
    pub leadership: Option<i64>,
    pub leader: Option<Leader>,
    pub agents: Vec<AgentEntry>,
    pub fenced: Vec<FencedEntry>,
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

/// An agent that obeys other masters than the leading one, and would refuse its orders.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct FencedEntry {
    pub hostname: String,
    /// What it has obeyed: a quorum, if it is known, and the highest revision.
    pub seen_quorum: Option<String>,
    pub seen_leadership: i64,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct FrameworkEntry {
    pub id: String,
    pub name: String,
    pub connected: bool,
    /// Known only from its tasks since the change of masters.
    pub recovered: bool,
    pub tasks: usize,
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
    /// Why it is not registered.
    pub trouble: Option<String>,
    /// It obeys other masters than those that lead.
    pub fenced: bool,
    pub seen_quorum: Option<String>,
    pub seen_leadership: i64,
    /// How many are in which state.
    pub tasks: BTreeMap<String, usize>,
}
