//! The agent's one loop: feeds the core with events, and does what it decides.

mod clean;
mod effects;
mod event;
mod keep;
mod view;

pub use event::Event;
pub use view::{TaskView, View};

use crate::AgentError;
use crate::core::{Core, Input, Now, TaskKey};
use crate::executor::now_ms;
use crate::executor::protocol::Asked;
use crate::launcher::Launcher;
use crate::link::Outgoing;
use crate::prepare::Surroundings;
use crate::store::{Kept, Store};
use crate::watch::Ground;
use mesoform_mesos::AgentInfo;
use mesoform_mesos::agent_protocol::{PROTOCOL, Subscribe};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Executors that are started at once.
const STARTS: usize = 8;
/// Between two looks at what can be removed.
const CLEAN_EVERY: Duration = Duration::from_secs(60);

pub struct Shell {
    core: Core,
    info: AgentInfo,
    store: Store,
    kept: Kept,
    around: Surroundings,
    ground: Ground,
    watches: BTreeMap<TaskKey, mpsc::Sender<Asked>>,
    outgoing: mpsc::Sender<Outgoing>,
    looks: Vec<oneshot::Receiver<()>>,
    removing: BTreeSet<TaskKey>,
    since: Instant,
    shutdown: CancellationToken,
}

/// What a shell is made of.
pub struct Parts {
    pub core: Core,
    pub info: AgentInfo,
    pub store: Store,
    pub kept: Kept,
    pub around: Surroundings,
    pub launcher: Arc<dyn Launcher>,
    pub events: mpsc::Sender<Event>,
    pub outgoing: mpsc::Sender<Outgoing>,
    pub shutdown: CancellationToken,
}

impl Shell {
    pub fn new(parts: Parts) -> Self {
        let Parts { core, info, store, kept, around, launcher, events, outgoing, shutdown } = parts;
        let ground = Ground { launcher, events, starts: Arc::new(Semaphore::new(STARTS)) };
        Self {
            core,
            info,
            store,
            kept,
            around,
            ground,
            watches: BTreeMap::new(),
            outgoing,
            looks: Vec::new(),
            removing: BTreeSet::new(),
            since: Instant::now(),
            shutdown,
        }
    }

    /// Begins to watch all executors of before; what is returned ends when each was looked at once.
    pub async fn recover(&mut self) -> Result<Vec<oneshot::Receiver<()>>, AgentError> {
        self.input(Input::Recovered).await?;
        Ok(std::mem::take(&mut self.looks))
    }

    /// Works until `shutdown`, or until a master ends the agent.
    pub async fn run(mut self, mut events: mpsc::Receiver<Event>) -> Result<(), AgentError> {
        let mut clean = tokio::time::interval(CLEAN_EVERY);
        clean.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let wake = self.core.wake_at().map(|at| self.since + at);
            let wake = wake.unwrap_or_else(|| Instant::now() + CLEAN_EVERY);
            tokio::select! {
                () = self.shutdown.cancelled() => return Ok(()),
                event = events.recv() => match event {
                    Some(event) => self.event(event).await?,
                    None => return Ok(()),
                },
                () = tokio::time::sleep_until(wake) => self.input(Input::Tick).await?,
                _ = clean.tick() => self.clean(),
            }
        }
    }

    async fn event(&mut self, event: Event) -> Result<(), AgentError> {
        match event {
            Event::Order(order) => self.input(Input::Order(order)).await,
            Event::Disconnected => self.input(Input::Disconnected).await,
            Event::Executor { key, news } => self.input(Input::Executor { key, news }).await,
            Event::Removed(key) => {
                self.removing.remove(&key);
                self.input(Input::Forgotten(key)).await
            }
            Event::Subscription(reply) => {
                let _ = reply.send(self.subscription());
                Ok(())
            }
            Event::View(reply) => {
                let _ = reply.send(View::of(&self.core, &self.store.places));
                Ok(())
            }
        }
    }

    fn subscription(&self) -> Subscribe {
        Subscribe {
            protocol: PROTOCOL,
            agent_id: self.core.agent_id().cloned(),
            info: AgentInfo { id: self.core.agent_id().cloned(), ..self.info.clone() },
            tasks: self.core.task_reports(),
            seen_leadership: self.core.seen().map_or(0, |seen| seen.revision),
            seen_quorum: self.core.seen().map(|seen| seen.quorum),
        }
    }

    async fn input(&mut self, input: Input) -> Result<(), AgentError> {
        let now = Now { mono: self.since.elapsed(), wall: now_ms() as f64 / 1e3 };
        for effect in self.core.handle(input, now) {
            self.carry_out(effect).await?;
            if self.shutdown.is_cancelled() {
                break;
            }
        }
        Ok(())
    }
}
