//! What the master does with the core's effects; it insists on what a real one insists on.

use super::{Task, World};
use crate::core::{Effect, Launch, TaskRef, Turn};
use crate::model::{AppId, Goal};
use mesoform_mesos::TaskState;

impl World {
    pub(super) fn carry_out(&mut self, turn: Turn) {
        self.commit(&turn.ops);
        for effect in turn.effects {
            match effect {
                Effect::Reply { id, answer } => drop(self.replies.insert(id, answer)),
                Effect::Accept { offer_id, launches, .. } => self.accept(&offer_id, launches),
                Effect::Decline { .. } => self.calls.push("DECLINE"),
                Effect::Revive => {
                    self.suppressed = false;
                    self.calls.push("REVIVE");
                }
                Effect::Suppress => {
                    self.suppressed = true;
                    self.calls.push("SUPPRESS");
                }
                Effect::Kill(task) => self.kill_task(&task),
                Effect::Acknowledge { .. } => self.acknowledged += 1,
                Effect::Reconcile(tasks) => self.reconcile(&tasks),
                Effect::ReconcileAll => self.list(),
            }
        }
    }

    pub(super) fn accept(&mut self, offer_id: &str, launches: Vec<Launch>) {
        let agent = self.offered[offer_id];
        for Launch { instance, app } in launches {
            let key = crate::records::instance_key(&instance.id);
            assert!(self.records.contains_key(&key), "{} is launched unrecorded", instance.id);
            let on_it = || self.tasks.values().filter(|t| t.agent == agent);
            let taken = on_it().any(|t| t.ports.iter().any(|p| instance.ports.contains(p)));
            assert!(!taken, "a port is used twice on h{}", agent + 1);
            let cpus = (app.cpus * 1000.0) as i64;
            let used: i64 = on_it().map(|t| t.cpus).sum();
            assert!(used + cpus <= self.agents[agent].cpus, "h{} is overbooked", agent + 1);
            self.check_capacity(&instance.app);
            let task = Task {
                app: app.id.to_string(),
                agent,
                state: TaskState::Staging,
                cpus,
                ports: instance.ports.clone(),
            };
            let before = self.tasks.insert(instance.id.task_id(), task);
            assert!(before.is_none(), "{} is launched twice", instance.id);
            self.launched += 1;
        }
    }

    pub(super) fn check_capacity(&self, app: &AppId) {
        let state = self.core.view(self.now).state;
        let Some(definition) = state.apps.get(app) else { return };
        let active = state.of(app).filter(|i| i.goal != Goal::Decommissioned).count();
        let wanted = definition.instances as usize;
        let capacity = definition.upgrade_strategy.max_capacity(wanted);
        assert!(active <= capacity, "{app} has {active} instances, {capacity} are allowed");
    }

    pub(super) fn kill_task(&mut self, task: &TaskRef) {
        self.calls.push("KILL");
        let known = self.tasks.get(&task.task_id).map(|t| t.agent);
        match known {
            Some(agent) if self.agents[agent].reachable => {
                self.tasks.remove(&task.task_id);
                self.tell(&task.task_id, Some(agent), TaskState::Killed, true);
            }
            Some(_) => {}
            None => self.tell(&task.task_id, None, TaskState::Unknown, false),
        }
    }

    fn list(&mut self) {
        self.lists += 1;
        let all = self.tasks.keys().cloned();
        let all: Vec<_> = all.map(|task_id| TaskRef { task_id, agent_id: None }).collect();
        self.tell_of(&all);
    }

    pub(super) fn reconcile(&mut self, tasks: &[TaskRef]) {
        self.calls.push("RECONCILE");
        self.tell_of(tasks);
    }

    fn tell_of(&mut self, tasks: &[TaskRef]) {
        for TaskRef { task_id, .. } in tasks {
            let (agent, state) = match self.tasks.get(task_id) {
                Some(task) if self.agents[task.agent].reachable => (Some(task.agent), task.state),
                Some(task) => (Some(task.agent), TaskState::Unreachable),
                None => (None, TaskState::Unknown),
            };
            self.tell(task_id, agent, state, false);
        }
    }
}
