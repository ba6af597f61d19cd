use crate::consensus::{Candidate, Consensus, Leader, Leadership, NoConsensus, NotWritten};
use crate::core::{AgentRecord, RegistryWrite};
use mesoform_mesos::AgentId;
use mesoform_mesos::agent_protocol::{Fence, QuorumId};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_util::sync::CancellationToken;

/// A quorum in memory, shared by the masters of a test.
#[derive(Clone)]
pub struct MemoryQuorum {
    state: Arc<Mutex<State>>,
    seat: Arc<Semaphore>,
    leader: Arc<watch::Sender<Option<Leader>>>,
}

struct State {
    id: QuorumId,
    revision: i64,
    records: BTreeMap<AgentId, AgentRecord>,
    leading: Option<CancellationToken>,
}

pub struct MemoryTerm {
    quorum: QuorumId,
    revision: i64,
    lost: CancellationToken,
    state: Arc<Mutex<State>>,
    _seat: OwnedSemaphorePermit,
}

impl MemoryQuorum {
    pub fn new() -> Self {
        Self::of(QuorumId(7))
    }

    pub fn of(id: QuorumId) -> Self {
        let state = State { id, revision: 0, records: BTreeMap::new(), leading: None };
        Self {
            state: Arc::new(Mutex::new(state)),
            seat: Arc::new(Semaphore::new(1)),
            leader: Arc::new(watch::channel(None).0),
        }
    }

    /// Takes the leadership from whoever has it.
    pub fn depose(&self) {
        if let Some(lost) = &self.state.lock().unwrap().leading {
            lost.cancel();
        }
    }

    pub fn records(&self) -> Vec<AgentRecord> {
        self.state.lock().unwrap().records.values().cloned().collect()
    }
}

impl Consensus for MemoryQuorum {
    type Term = MemoryTerm;

    async fn ready(&self) -> Result<(), NoConsensus> {
        Ok(())
    }

    async fn campaign(&self, us: &Candidate, _: Duration) -> Result<MemoryTerm, NoConsensus> {
        let seat = self.seat.clone().acquire_owned().await.unwrap();
        let lost = CancellationToken::new();
        let mut state = self.state.lock().unwrap();
        state.revision += 1;
        let (quorum, revision) = (state.id, state.revision);
        state.leading = Some(lost.clone());
        self.leader.send_replace(Some(Leader { revision, candidate: us.clone() }));
        Ok(MemoryTerm { quorum, revision, lost, state: self.state.clone(), _seat: seat })
    }

    fn leader(&self) -> watch::Receiver<Option<Leader>> {
        self.leader.subscribe()
    }

    async fn agents(&self) -> Result<Vec<AgentRecord>, NoConsensus> {
        Ok(self.records())
    }
}

impl Leadership for MemoryTerm {
    fn fence(&self) -> Fence {
        Fence::new(self.quorum, self.revision)
    }

    fn is_current(&self) -> bool {
        !self.lost.is_cancelled()
    }

    fn lost(&self) -> CancellationToken {
        self.lost.clone()
    }

    async fn write(&self, writes: &[RegistryWrite]) -> Result<(), NotWritten> {
        if self.lost.is_cancelled() {
            return Err(NotWritten::Deposed);
        }
        let records = &mut self.state.lock().unwrap().records;
        for write in writes {
            match write.clone() {
                RegistryWrite::Put(record) => drop(records.insert(record.id.clone(), record)),
                RegistryWrite::Delete(id) => drop(records.remove(&id)),
            }
        }
        Ok(())
    }

    async fn resign(self) {}
}
