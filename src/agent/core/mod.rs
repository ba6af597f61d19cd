//! What the agent decides, without IO: which orders it obeys, what becomes of each task, which status
//! update is sent when. The shell feeds it [`Input`]s and carries out the [`Effect`]s in their order.

mod effect;
mod input;
mod key;
mod progress;
mod refusal;
mod status;
mod task;

#[cfg(test)]
mod proptests;
#[cfg(test)]
mod tests;

pub use effect::Effect;
pub use input::{Input, News, Now};
pub use key::TaskKey;
pub use progress::{Launch, Progress};
pub use task::Task;

use mesoform_mesos::agent_protocol::{Order, OrderKind, Pong, Report, StatusUpdate, TaskReport};
use mesoform_mesos::{
    AgentId, Binary, FrameworkId, FrameworkInfo, TaskId, TaskInfo, TaskState, TaskStatus,
};
use status::Author;
use std::collections::BTreeMap;
use std::time::Duration;

/// Updates in one report.
const REPORT_SIZE: usize = 100;

/// What the core knows about its host, and does not change.
#[derive(Debug, Clone)]
pub struct Host {
    /// The address under which tasks are reached.
    pub address: String,
    /// This boot of the host.
    pub boot_id: String,
}

/// The agent's state.
pub struct Core {
    author: Author,
    boot_id: String,
    agent_id: Option<AgentId>,
    /// The highest leadership that orders were taken from.
    seen: i64,
    /// The leadership that we are registered with.
    session: Option<i64>,
    tasks: BTreeMap<TaskKey, Task>,
    leaving: Option<String>,
}

impl Core {
    /// A core with what was found on disk. `fresh` makes the ids of updates.
    pub fn new(
        host: Host,
        agent_id: Option<AgentId>,
        seen: i64,
        kept: Vec<(Launch, Progress)>,
        fresh: fn() -> Binary,
    ) -> Self {
        let author = Author { address: host.address, fresh };
        let kept = kept.into_iter().map(|(launch, progress)| {
            (TaskKey::of(&launch.framework, &launch.task), Task::recovered(launch, progress))
        });
        let tasks = kept.collect();
        Self { author, boot_id: host.boot_id, agent_id, seen, session: None, tasks, leaving: None }
    }

    pub fn agent_id(&self) -> Option<&AgentId> {
        self.agent_id.as_ref()
    }

    pub fn seen_leadership(&self) -> i64 {
        self.seen
    }

    /// The leadership that the agent is registered with now.
    pub fn session(&self) -> Option<i64> {
        self.session
    }

    pub fn task(&self, key: &TaskKey) -> Option<&Task> {
        self.tasks.get(key)
    }

    pub fn tasks(&self) -> impl Iterator<Item = (&TaskKey, &Task)> {
        self.tasks.iter()
    }

    /// What a subscription tells of the tasks.
    pub fn task_reports(&self) -> Vec<TaskReport> {
        self.tasks.values().filter(|task| !task.is_over()).map(Task::report).collect()
    }

    /// When [`Input::Tick`] is due at the latest.
    pub fn wake_at(&self) -> Option<Duration> {
        self.session?;
        self.tasks.values().filter_map(Task::due).min()
    }

    pub fn handle(&mut self, input: Input, now: Now) -> Vec<Effect> {
        match input {
            Input::Recovered => self.recover(),
            Input::Order(order) => self.order(order, now),
            Input::Disconnected => {
                self.session = None;
                vec![]
            }
            Input::Executor { key, news } => self.news(&key, news, now),
            Input::Forgotten(key) => {
                self.tasks.remove(&key);
                vec![]
            }
            Input::Tick => self.send_due(now),
        }
    }

    /// Looks after every task that ran when the agent ended.
    fn recover(&mut self) -> Vec<Effect> {
        let mut effects = Vec::new();
        for (key, task) in self.tasks.iter().filter(|(_, task)| !task.is_ended()) {
            let rebooted = task.launch.boot_id != self.boot_id;
            let ran = task.progress.state == TaskState::Running || rebooted;
            effects.push(Effect::Watch { key: key.clone(), ran });
            if task.progress.killing {
                effects.push(Effect::Kill { key: key.clone(), grace: task.grace(None) });
            }
        }
        effects
    }

    fn order(&mut self, order: Order, now: Now) -> Vec<Effect> {
        if order.leadership < self.seen {
            return vec![Effect::Refuse { leadership: order.leadership, seen: self.seen }];
        }
        let mut effects = Vec::new();
        if order.leadership > self.seen {
            self.seen = order.leadership;
            effects.push(Effect::KeepLeadership(self.seen));
        }
        effects.extend(self.obey(order, now));
        effects
    }

    fn obey(&mut self, order: Order, now: Now) -> Vec<Effect> {
        match order.kind {
            OrderKind::Registered { agent_id } => self.registered(agent_id, order.leadership, now),
            OrderKind::Ping => self.pong(),
            OrderKind::Launch { framework, tasks } => self.launch(&framework, tasks, now),
            OrderKind::Kill { framework_id, task_id, grace_ms } => {
                self.kill(&framework_id, &task_id, grace_ms.map(Duration::from_millis), now)
            }
            OrderKind::Acknowledge { framework_id, task_id, uuid } => {
                self.acknowledge(&TaskKey::new(&framework_id, &task_id), &uuid, now)
            }
            OrderKind::ShutdownFramework { framework_id } => {
                self.end_all(|key| key.framework == framework_id.value)
            }
            OrderKind::Shutdown { reason } => {
                self.leaving = Some(reason);
                let mut effects = self.end_all(|_| true);
                effects.extend(self.leave());
                effects
            }
            OrderKind::Unknown => vec![Effect::PassOver],
        }
    }

    fn registered(&mut self, agent_id: AgentId, leadership: i64, now: Now) -> Vec<Effect> {
        let mut effects = Vec::new();
        if self.agent_id.as_ref() != Some(&agent_id) {
            self.agent_id = Some(agent_id.clone());
            effects.push(Effect::KeepAgentId(agent_id));
        }
        self.session = Some(leadership);
        self.tasks.values_mut().for_each(Task::send_soon);
        effects.extend(self.send_due(now));
        effects
    }

    fn pong(&self) -> Vec<Effect> {
        let (Some(leadership), Some(agent_id)) = (self.session, self.agent_id.clone()) else {
            return vec![];
        };
        vec![Effect::Pong(Pong { agent_id, leadership })]
    }

    fn launch(&mut self, framework: &FrameworkInfo, tasks: Vec<TaskInfo>, now: Now) -> Vec<Effect> {
        let mut effects = Vec::new();
        for info in tasks {
            let key = TaskKey::of(framework, &info);
            if self.tasks.contains_key(&key) || self.leaving.is_some() {
                continue;
            }
            let launch = Launch::new(framework.clone(), info, self.boot_id.clone(), now.wall);
            effects.extend(self.start(key, launch, now));
        }
        effects.extend(self.send_due(now));
        effects
    }

    fn start(&mut self, key: TaskKey, launch: Launch, now: Now) -> Vec<Effect> {
        let refusal = refusal::of(&launch.task);
        let mut task = Task::new(launch);
        let status = match &refusal {
            Some(refusal) => refusal.status(&task),
            None => TaskStatus::new(task.launch.task.task_id.clone(), TaskState::Starting),
        };
        let update = self.author.update(status, &task, self.agent_id.as_ref(), now);
        task.push(update, now);
        let launch = Box::new(task.launch.clone());
        let mut effects =
            vec![Effect::KeepLaunch { key: key.clone(), launch }, Effect::keep(&key, &task)];
        if refusal.is_none() {
            effects.push(Effect::Launch { key: key.clone() });
        }
        self.tasks.insert(key, task);
        effects
    }

    fn kill(
        &mut self,
        framework: &FrameworkId,
        id: &TaskId,
        grace: Option<Duration>,
        now: Now,
    ) -> Vec<Effect> {
        let key = TaskKey::new(framework, id);
        let Some(task) = self.tasks.get_mut(&key) else {
            return self.unknown_task(framework, id, now);
        };
        if task.is_ended() {
            return vec![];
        }
        let first = !task.progress.killing;
        task.progress.killing = true;
        if first && task.hears_of_killing() {
            let status = TaskStatus::new(id.clone(), TaskState::Killing);
            let update = self.author.update(status, task, self.agent_id.as_ref(), now);
            task.push(update, now);
        }
        let mut effects = vec![Effect::keep(&key, task)];
        effects.push(Effect::Kill { grace: task.grace(grace), key });
        effects.extend(self.send_due(now));
        effects
    }

    /// Whoever asks for the death of a task that is not here must hear that it does not live.
    fn unknown_task(&self, framework: &FrameworkId, id: &TaskId, now: Now) -> Vec<Effect> {
        let Some(agent_id) = &self.agent_id else { return vec![] };
        let update = self.author.unknown_task(framework, id, agent_id, now);
        self.report(vec![update]).into_iter().collect()
    }

    fn acknowledge(&mut self, key: &TaskKey, uuid: &Binary, now: Now) -> Vec<Effect> {
        let Some(task) = self.tasks.get_mut(key) else { return vec![] };
        if !task.acknowledge(uuid) {
            return vec![];
        }
        let mut effects = vec![Effect::keep(key, task)];
        effects.extend(self.send_due(now));
        effects
    }

    /// Kills tasks of which nobody wants to hear any more.
    fn end_all(&mut self, which: impl Fn(&TaskKey) -> bool) -> Vec<Effect> {
        let mut effects = Vec::new();
        for (key, task) in self.tasks.iter_mut().filter(|(key, _)| which(key)) {
            if task.is_over() {
                continue;
            }
            task.silence();
            effects.push(Effect::keep(key, task));
            if !task.is_ended() {
                effects.push(Effect::Kill { key: key.clone(), grace: task.grace(None) });
            }
        }
        effects
    }

    fn news(&mut self, key: &TaskKey, news: News, now: Now) -> Vec<Effect> {
        let Some(task) = self.tasks.get_mut(key) else { return vec![] };
        let ended = matches!(news, News::Ended(_));
        let mut effects = Vec::new();
        let statuses = status::of_news(task, &news, &self.boot_id);
        if !statuses.is_empty() {
            for status in statuses {
                let update = self.author.update(status, task, self.agent_id.as_ref(), now);
                task.push(update, now);
            }
            effects.push(Effect::keep(key, task));
        }
        if ended {
            effects.push(Effect::Release { key: key.clone() });
        }
        effects.extend(self.send_due(now));
        effects.extend(self.leave());
        effects
    }

    fn leave(&self) -> Option<Effect> {
        let reason = self.leaving.clone()?;
        self.tasks.values().all(Task::is_ended).then_some(Effect::Leave { reason })
    }

    /// Sends the oldest update of every task that is due.
    fn send_due(&mut self, now: Now) -> Vec<Effect> {
        if self.session.is_none() {
            return vec![];
        }
        let due: Vec<StatusUpdate> =
            self.tasks.values_mut().filter_map(|task| task.take_due(now.mono)).collect();
        due.chunks(REPORT_SIZE).filter_map(|updates| self.report(updates.to_vec())).collect()
    }

    fn report(&self, updates: Vec<StatusUpdate>) -> Option<Effect> {
        let (leadership, agent_id) = (self.session?, self.agent_id.clone()?);
        Some(Effect::Report(Report { agent_id, leadership, updates }))
    }
}
