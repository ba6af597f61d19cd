use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// An etcd in the quorum's place, as one host sees it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct EtcdView {
    pub members: Vec<EtcdMember>,
    /// Why it does not answer reads that need consensus; none: it does.
    pub error: Option<String>,
    /// When the certificate ends that the host shows there; none where it shows none.
    pub not_after: Option<Timestamp>,
}

/// A member, as it answers for itself.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct EtcdMember {
    /// As the inventory names it: a URL.
    pub endpoint: String,
    pub version: String,
    pub member_id: u64,
    /// 0: no leader is known.
    pub leader_id: u64,
    pub term: u64,
    pub revision: i64,
    pub db_size: i64,
    pub learner: bool,
    pub cluster_id: u64,
    /// What it says is wrong with it: its alarms.
    pub errors: Vec<String>,
    /// Why it did not answer.
    pub error: Option<String>,
}

impl EtcdMember {
    pub fn leads(&self) -> bool {
        self.error.is_none() && self.leader_id != 0 && self.leader_id == self.member_id
    }
}
