use crate::core::Core;
use mesoform_mesos::FrameworkId;
use mesoform_mesos::agent_protocol::OrderKind;
use mesoform_mesos::scheduler::{Kill, ReconcileTask};

impl Core {
    /// KILL: the agent is told, now or when it comes back. What is not known is answered as in a
    /// reconciliation.
    pub(super) fn kill(&mut self, id: &FrameworkId, kill: &Kill) {
        let framework = self.frameworks.get_mut(id);
        let Some(task) = framework.and_then(|f| f.tasks.get_mut(&kill.task_id)) else {
            let task =
                ReconcileTask { task_id: kill.task_id.clone(), agent_id: kill.agent_id.clone() };
            self.reconcile_one(id, &task);
            return;
        };
        if task.state.is_terminal() {
            return;
        }
        let grace = kill.kill_policy.and_then(|policy| policy.grace_period);
        let grace_ms =
            grace.map(|grace| u64::try_from(grace.to_duration().as_millis()).unwrap_or(u64::MAX));
        task.kill = Some(grace_ms);
        let (agent_id, task_id) = (task.agent_id.clone(), kill.task_id.clone());
        self.order(&agent_id, OrderKind::Kill { framework_id: id.clone(), task_id, grace_ms });
    }
}
