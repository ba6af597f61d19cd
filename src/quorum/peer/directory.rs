use crate::levels::Ladder;
use crate::raft::Member;
use crate::wire::Envelope;
use mesoform_settings::{QuorumSettings, Voter};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Where the voters are, which cluster this is, and at which level.
#[derive(Clone)]
pub struct Directory {
    voters: Arc<[Voter]>,
    cluster_id: Arc<AtomicU64>,
    ladder: Ladder,
}

impl Directory {
    pub fn new(settings: &QuorumSettings, cluster_id: u64, ladder: Ladder) -> Self {
        Self {
            voters: settings.voters.clone().into(),
            cluster_id: Arc::new(AtomicU64::new(cluster_id)),
            ladder,
        }
    }

    /// Where a member may be (`host:port`), the likeliest first. The settings are mostly newer than what the
    /// log says: when all addresses have changed, nobody can be reached to write them into the log. They are
    /// older where another voter has moved and this one was not told yet.
    pub fn addresses(&self, member: &Member) -> Vec<String> {
        let voter = self.voters.iter().find(|voter| voter.name == member.name);
        let mut addresses: Vec<String> =
            voter.map(|voter| voter.peer.clone()).into_iter().collect();
        if !addresses.contains(&member.peer) {
            addresses.push(member.peer.clone());
        }
        addresses
    }

    /// 0: not known yet.
    pub fn cluster_id(&self) -> u64 {
        self.cluster_id.load(Ordering::Relaxed)
    }

    pub fn set_cluster_id(&self, id: u64) {
        self.cluster_id.store(id, Ordering::Relaxed);
    }

    /// Which levels this voter and the others know.
    pub fn ladder(&self) -> &Ladder {
        &self.ladder
    }

    /// The head of a message to the member `target`.
    pub fn envelope(&self, target: u64) -> Envelope {
        Envelope::new(self.ladder.mark(), self.cluster_id(), target)
    }
}
