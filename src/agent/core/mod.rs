//! What the agent decides, without IO: which orders it obeys, what becomes of each task, which status
//! update is sent when. The shell feeds it [`Input`]s and carries out the [`Effect`]s in their order.

mod effect;
mod input;
mod key;
mod orders;
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

use mesoform_mesos::agent_protocol::{Fence, Report, StatusUpdate, TaskReport};
use mesoform_mesos::{AgentId, Binary, TaskState};
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
    seen: Option<Fence>,
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
        seen: Option<Fence>,
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

    /// The highest leadership that orders were taken from: the only quorum whose masters are obeyed.
    /// None: any.
    pub fn seen(&self) -> Option<Fence> {
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
