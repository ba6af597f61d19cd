//! What a master may ask, and what is done about it.

use super::{Core, Effect, Launch, Now, Task, TaskKey, refusal};
use mesoform_mesos::agent_protocol::{Order, OrderKind, Pong};
use mesoform_mesos::{
    AgentId, Binary, FrameworkId, FrameworkInfo, TaskId, TaskInfo, TaskState, TaskStatus,
};
use std::time::Duration;

impl Core {
    pub(super) fn order(&mut self, order: Order, now: Now) -> Vec<Effect> {
        let (seen, leadership) = (self.seen, order.fence());
        if let Some(seen) = seen.filter(|seen| !seen.admits(leadership)) {
            return vec![Effect::Refuse { leadership, seen }];
        }
        let mut effects = Vec::new();
        if self.seen.replace(leadership) != Some(leadership) {
            effects.push(Effect::KeepLeadership(leadership));
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
}
