use crate::clock::{Clock, unix_now};
use crate::consensus::{Candidate, Consensus, Leadership, NoConsensus};
use crate::core::{AgentRecord, Core, Limits, Term};
use crate::engine::{self, EngineHandle};
use mesoform_mesos::agent_protocol::Fence;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Between two attempts to stand for election or to read the registry.
const PAUSE: Duration = Duration::from_millis(500);

/// How often the registry is read before another master has its turn.
const RECOVERY_ATTEMPTS: u32 = 10;

/// Stands for election, leads while elected, and again, until the shutdown.
pub struct Reign<C> {
    pub consensus: C,
    pub us: Candidate,
    pub cluster: String,
    pub ttl: Duration,
    pub limits: Limits,
    /// Shows the running engine while this master leads.
    pub engine: watch::Sender<Option<EngineHandle>>,
}

impl<C: Consensus> Reign<C> {
    pub async fn run(self, shutdown: CancellationToken) {
        let started = unix_now();
        loop {
            let elected = tokio::select! {
                () = shutdown.cancelled() => return,
                elected = self.consensus.campaign(&self.us, self.ttl) => elected,
            };
            match elected {
                Ok(leadership) => self.lead(leadership, started, &shutdown).await,
                Err(cause) => tracing::warn!(%cause, "cannot stand for election; trying again"),
            }
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(PAUSE) => {}
            }
        }
    }

    async fn lead(&self, leadership: C::Term, started: f64, shutdown: &CancellationToken) {
        let (lost, leadership) = (leadership.lost(), Arc::new(leadership));
        let over = shutdown.child_token();
        let records = tokio::select! {
            () = over.cancelled() => Err(NoConsensus("shutting down".to_owned())),
            () = lost.cancelled() => Err(NoConsensus("deposed".to_owned())),
            records = self.recover() => records,
        };
        match records {
            Ok(records) => self.work(&leadership, records, started, lost, over).await,
            Err(cause) => tracing::warn!(%cause, "giving the leadership up"),
        }
        // The engine and its writer have ended: this is the last owner.
        if let Some(leadership) = Arc::into_inner(leadership) {
            leadership.resign().await;
        }
    }

    /// Reads the registry. A master that cannot, makes place for one that may: the records may be
    /// from a later version.
    async fn recover(&self) -> Result<Vec<AgentRecord>, NoConsensus> {
        let mut attempt = 1;
        loop {
            match self.consensus.agents().await {
                Err(cause) if attempt < RECOVERY_ATTEMPTS => {
                    tracing::warn!(%cause, "the registry cannot be read; trying again");
                    tokio::time::sleep(PAUSE).await;
                    attempt += 1;
                }
                result => return result,
            }
        }
    }

    async fn work(
        &self,
        leadership: &Arc<C::Term>,
        records: Vec<AgentRecord>,
        started: f64,
        lost: CancellationToken,
        over: CancellationToken,
    ) {
        let clock = Clock::start();
        let term = self.term(leadership.fence(), started);
        tracing::info!(leadership = %term.leadership, agents = records.len(), "leading");
        let core = Core::new(term, self.limits, records, clock.now());
        let (handle, task) = engine::start(core, clock, leadership.clone(), over.clone());
        self.engine.send_replace(Some(handle));
        tokio::select! {
            () = lost.cancelled() => {}
            () = over.cancelled() => {}
        }
        // First of all nothing more goes out; then nothing more comes in.
        over.cancel();
        self.engine.send_replace(None);
        if let Err(error) = task.await {
            tracing::error!(%error, "the engine ended badly");
        }
        tracing::warn!("not leading any more");
    }

    fn term(&self, leadership: Fence, started: f64) -> Term {
        Term {
            leadership,
            master_id: uuid::Uuid::new_v4().to_string(),
            cluster: self.cluster.clone(),
            hostname: self.us.host.clone(),
            address: self.us.http.clone(),
            started,
            elected: unix_now(),
        }
    }
}
