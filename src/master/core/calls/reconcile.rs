use crate::core::Core;
use crate::core::framework::Framework;
use crate::core::task::Task;
use mesoform_mesos::scheduler::{Reconcile, ReconcileTask};
use mesoform_mesos::{FrameworkId, TaskId, TaskState, TaskStatus, reason};

impl Core {
    /// RECONCILE: the state of these tasks, or of all that have not ended.
    pub(super) fn reconcile(&mut self, id: &FrameworkId, reconcile: Reconcile) {
        if !reconcile.tasks.is_empty() {
            reconcile.tasks.iter().for_each(|task| self.reconcile_one(id, task));
            return;
        }
        let Some(framework) = self.frameworks.get(id) else { return };
        let tasks = framework.tasks.iter();
        let statuses = tasks.map(|(task_id, task)| self.known_status(framework, task_id, task));
        // The word for LOST is terminal, but an unreachable task is not over.
        let live = statuses.filter(|s| !s.state.is_terminal() || s.state == TaskState::Lost);
        let statuses: Vec<_> = live.collect();
        for status in statuses {
            self.tell_status(id, status);
        }
    }

    /// What is known of one task. While its agent may still come back after a change of masters there
    /// is no answer yet.
    pub(super) fn reconcile_one(&mut self, id: &FrameworkId, asked: &ReconcileTask) {
        let Some(framework) = self.frameworks.get(id) else { return };
        if let Some(task) = framework.tasks.get(&asked.task_id) {
            let status = self.known_status(framework, &asked.task_id, task);
            self.tell_status(id, status);
            return;
        }
        let Some(state) = self.unknown_state(asked) else { return };
        let state = framework.partition_state(state);
        let words = "Reconciliation: Task is unknown";
        let agent = asked.agent_id.as_ref();
        let reason = reason::RECONCILIATION;
        let status = self.status(&asked.task_id, agent, state, reason, words);
        self.tell_status(id, status);
    }

    fn known_status(&self, framework: &Framework, id: &TaskId, task: &Task) -> TaskStatus {
        let state = if task.unreachable && !task.state.is_terminal() {
            framework.partition_state(TaskState::Unreachable)
        } else {
            // An update on its way may be behind the agent's own view; the framework sees it first.
            task.pending.as_ref().map_or(task.state, |u| u.status.state)
        };
        let words = "Reconciliation: Latest task state";
        let agent = Some(&task.agent_id);
        let mut status = self.status(id, agent, state, reason::RECONCILIATION, words);
        let last = task.statuses.iter().rev().find(|s| s.container_status.is_some());
        status.container_status = last.and_then(|s| s.container_status.clone());
        status.healthy = task.statuses.iter().rev().find_map(|s| s.healthy);
        status
    }

    fn unknown_state(&self, asked: &ReconcileTask) -> Option<TaskState> {
        let Some(agent) = &asked.agent_id else {
            return self.recovering.is_empty().then_some(TaskState::Unknown);
        };
        if self.agents.contains_key(agent) {
            Some(TaskState::Gone)
        } else if self.unreachable.contains_key(agent) {
            Some(TaskState::Unreachable)
        } else if self.recovering.contains_key(agent) || self.admitting.contains_key(agent) {
            None
        } else {
            Some(TaskState::Unknown)
        }
    }
}
