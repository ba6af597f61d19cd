use super::{Candidate, Consensus, Leader, Leadership, NoConsensus, NotWritten};
use crate::core::{AgentRecord, RegistryWrite};
use mesoform_coordination::{Coordination, CoordinationError, Op, WriteError};
use mesoform_mesos::agent_protocol::{Fence, QuorumId};
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

const ELECTION: &str = "master";
const AGENTS: &str = "/mesoform/master/agents/";

/// The cluster's quorum. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Quorum {
    coordination: Coordination,
    leader: watch::Receiver<Option<Leader>>,
}

impl Quorum {
    /// Uses this access to the quorum. Must be called within a tokio runtime.
    pub fn new(coordination: Coordination) -> Self {
        let (sender, leader) = watch::channel(None);
        tokio::spawn(follow(coordination.observe(ELECTION), sender));
        Self { coordination, leader }
    }
}

/// Translates what the election shows, as long as anyone looks.
async fn follow(
    mut seen: watch::Receiver<Option<mesoform_coordination::Leader>>,
    shown: watch::Sender<Option<Leader>>,
) {
    loop {
        let leader = seen.borrow_and_update().as_ref().and_then(read_leader);
        shown.send_replace(leader);
        tokio::select! {
            () = shown.closed() => return,
            changed = seen.changed() => if changed.is_err() { return },
        }
    }
}

fn read_leader(leader: &mesoform_coordination::Leader) -> Option<Leader> {
    match serde_json::from_slice(&leader.value) {
        Ok(candidate) => Some(Leader { revision: leader.revision, candidate }),
        Err(error) => {
            tracing::warn!(%error, "the leading master's candidacy cannot be read");
            None
        }
    }
}

impl Consensus for Quorum {
    type Term = mesoform_coordination::Leadership;

    async fn ready(&self) -> Result<(), NoConsensus> {
        self.coordination.consensus().await.map_err(no_consensus)
    }

    async fn campaign(
        &self,
        candidate: &Candidate,
        ttl: Duration,
    ) -> Result<Self::Term, NoConsensus> {
        let candidate = serde_json::to_vec(candidate).map_err(|e| NoConsensus(e.to_string()))?;
        self.coordination.campaign(ELECTION, candidate, ttl).await.map_err(no_consensus)
    }

    fn leader(&self) -> watch::Receiver<Option<Leader>> {
        self.leader.clone()
    }

    async fn agents(&self) -> Result<Vec<AgentRecord>, NoConsensus> {
        let (entries, _) = self.coordination.list(AGENTS).await.map_err(no_consensus)?;
        let read = |entry: &mesoform_coordination::Entry| {
            let record: AgentRecord = serde_json::from_slice(&entry.value)
                .map_err(|e| NoConsensus(format!("{}: {e}", entry.key)))?;
            if record.format > AgentRecord::FORMAT {
                let (key, format) = (&entry.key, record.format);
                return Err(NoConsensus(format!(
                    "{key} is of format {format}, from a later version"
                )));
            }
            Ok(record)
        };
        entries.iter().map(read).collect()
    }
}

impl Leadership for mesoform_coordination::Leadership {
    fn fence(&self) -> Fence {
        Fence::new(QuorumId(self.quorum()), self.revision())
    }

    fn is_current(&self) -> bool {
        Self::is_current(self)
    }

    fn lost(&self) -> CancellationToken {
        Self::lost(self)
    }

    async fn write(&self, writes: &[RegistryWrite]) -> Result<(), NotWritten> {
        let ops = writes.iter().map(op).collect::<Result<_, _>>()?;
        match Self::write(self, ops).await {
            Ok(_) => Ok(()),
            Err(WriteError::Deposed) => Err(NotWritten::Deposed),
            // It may still be made, after what this leader writes next: only the end of this
            // leadership keeps it from undoing that.
            Err(error @ WriteError::Unknown { .. }) => {
                tracing::warn!(%error, "the fate of a write to the registry is unknown; stepping down");
                Err(NotWritten::Deposed)
            }
            Err(error) => Err(NotWritten::TryAgain(error.to_string())),
        }
    }

    async fn resign(self) {
        Self::resign(self).await;
    }
}

fn op(write: &RegistryWrite) -> Result<Op, NotWritten> {
    let key = format!("{AGENTS}{}", write.agent_id());
    match write {
        RegistryWrite::Delete(_) => Ok(Op::delete(key)),
        RegistryWrite::Put(record) => serde_json::to_vec(record)
            .map(|value| Op::put(key, value))
            .map_err(|e| NotWritten::TryAgain(e.to_string())),
    }
}

fn no_consensus(error: CoordinationError) -> NoConsensus {
    NoConsensus(error.to_string())
}
