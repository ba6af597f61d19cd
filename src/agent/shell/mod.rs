//! The agent's one loop: feeds the core with events, and does what it decides.

mod event;
mod view;

pub use event::Event;
pub use view::{TaskView, View};

use crate::core::{Core, Effect, Input, Now, TaskKey};
use crate::executor::now_ms;
use crate::executor::protocol::Asked;
use crate::launcher::Launcher;
use crate::link::Outgoing;
use crate::prepare::{self, Surroundings};
use crate::store::{Kept, Store};
use crate::watch::{Begin, Ground, Watch};
use crate::{AgentError, gc, host};
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
/// Between two tries to write what must be kept.
const KEEP_AGAIN: Duration = Duration::from_secs(1);

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
    pub launcher: Arc<dyn Launcher>,
    pub events: mpsc::Sender<Event>,
    pub outgoing: mpsc::Sender<Outgoing>,
    pub shutdown: CancellationToken,
}

impl Shell {
    pub fn new(parts: Parts) -> Self {
        let Parts { core, info, store, kept, launcher, events, outgoing, shutdown } = parts;
        let ground = Ground { launcher, events, starts: Arc::new(Semaphore::new(STARTS)) };
        Self {
            core,
            info,
            store,
            kept,
            around: Surroundings::of_this_process(),
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
            seen_leadership: self.core.seen_leadership(),
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

    async fn carry_out(&mut self, effect: Effect) -> Result<(), AgentError> {
        match effect {
            Effect::KeepLeadership(leadership) => {
                self.kept.seen_leadership = leadership;
                self.keep_own().await;
            }
            Effect::KeepAgentId(agent_id) => {
                tracing::info!(%agent_id, "registered under a new id");
                self.kept.agent_id = Some(agent_id);
                self.keep_own().await;
            }
            Effect::KeepLaunch { key, launch } => {
                self.keep(move |store| store.keep_launch(&key, &launch)).await;
            }
            Effect::KeepProgress { key, progress } => {
                self.keep(move |store| store.keep_progress(&key, &progress)).await;
            }
            Effect::Launch { key } => self.launch(key),
            Effect::Watch { key, ran } => self.look(key, ran),
            Effect::Kill { key, grace } => {
                let grace_ms = u64::try_from(grace.as_millis()).unwrap_or(u64::MAX);
                self.ask(&key, Asked::Kill { grace_ms });
            }
            Effect::Release { key } => {
                self.ask(&key, Asked::Acknowledge);
                self.watches.remove(&key);
            }
            Effect::Report(report) => self.send(Outgoing::Report(report)),
            Effect::Pong(pong) => self.send(Outgoing::Pong(pong)),
            Effect::Refuse { leadership, seen } => {
                tracing::warn!(leadership, seen, "an order of a deposed master is refused");
                self.send(Outgoing::HangUp);
            }
            Effect::PassOver => tracing::warn!("an order of an unknown kind is passed over"),
            Effect::Leave { reason } => return self.leave(reason).await,
        }
        Ok(())
    }

    async fn leave(&mut self, reason: String) -> Result<(), AgentError> {
        self.kept.agent_id = None;
        self.keep_own().await;
        Err(AgentError::Ended { reason })
    }

    async fn keep_own(&mut self) {
        let kept = self.kept.clone();
        self.keep(move |store| store.keep(&kept)).await;
    }

    /// Nothing goes on before this is on disk: a full disk stops the agent's decisions, never the
    /// tasks, until there is room again or the agent is ended.
    async fn keep<F>(&mut self, write: F)
    where
        F: Fn(&Store) -> Result<(), crate::DiskError> + Send + Sync + 'static,
    {
        let write = Arc::new(write);
        loop {
            let (store, write) = (self.store.clone(), write.clone());
            let written = tokio::task::spawn_blocking(move || write(&store)).await;
            match written {
                Ok(Ok(())) => return,
                Ok(Err(error)) => tracing::error!(%error, "tried again until it can be kept"),
                Err(error) => tracing::error!(%error, "tried again until it can be kept"),
            }
            self.clean();
            tokio::select! {
                () = self.shutdown.cancelled() => return,
                () = tokio::time::sleep(KEEP_AGAIN) => {}
            }
        }
    }

    fn launch(&mut self, key: TaskKey) {
        let Some(task) = self.core.task(&key) else { return };
        let places = &self.store.places;
        let file = prepare::task_file(&key, task, self.core.agent_id(), places, &self.around);
        let start = prepare::start(&key, task, places);
        tracing::info!(task = %key, dir = %start.dir.display(), "starting");
        self.watch(key, Begin::Launch { file: Box::new(file), start });
    }

    fn look(&mut self, key: TaskKey, ran: bool) {
        let (looked, look) = oneshot::channel();
        self.looks.push(look);
        self.watch(key, Begin::Look { ran, looked });
    }

    fn watch(&mut self, key: TaskKey, begin: Begin) {
        let ground = self.ground.clone();
        let orders = Watch::begin(key.clone(), &self.store.places, ground, begin);
        self.watches.insert(key, orders);
    }

    fn ask(&self, key: &TaskKey, asked: Asked) {
        let Some(watch) = self.watches.get(key) else { return };
        if watch.try_send(asked).is_err() && asked != Asked::Acknowledge {
            tracing::warn!(task = %key, "its executor takes no orders; the last ones wait");
        }
    }

    /// What finds no room is sent again by the core when its time comes.
    fn send(&self, outgoing: Outgoing) {
        if self.outgoing.try_send(outgoing).is_err() {
            tracing::debug!("the master is slow; sent again later");
        }
    }

    fn clean(&mut self) {
        let ended = self.core.tasks().filter(|(key, task)| {
            task.is_over() && !self.watches.contains_key(*key) && !self.removing.contains(*key)
        });
        let ended = ended.map(|(key, task)| gc::Ended {
            key: key.clone(),
            ended_ms: task.progress.ended_ms.unwrap_or(task.launch.ordered_ms),
        });
        let usage = host::disk_usage(&self.store.places.work_dir).unwrap_or(0.0);
        for key in gc::choose(ended.collect(), usage, now_ms()) {
            tracing::info!(task = %key, "its sandbox is removed");
            self.removing.insert(key.clone());
            let (store, events) = (self.store.clone(), self.ground.events.clone());
            tokio::spawn(async move {
                let (path_of, gone) = (store, key.clone());
                let _ = tokio::task::spawn_blocking(move || path_of.remove(&gone)).await;
                let _ = events.send(Event::Removed(key)).await;
            });
        }
    }
}
