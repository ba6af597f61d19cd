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

    /// Where to reach a member. The settings are newer than what the log says: when addresses have
    /// changed, nobody can be reached to write them into the log.
    pub fn address<'d>(&'d self, member: &'d Member) -> &'d str {
        let voter = self.voters.iter().find(|voter| voter.name == member.name);
        voter.map_or(&member.peer, |voter| &voter.peer)
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
