use crate::core::Core;
use mesoform_mesos::FrameworkId;
use mesoform_mesos::agent_protocol::OrderKind;
use mesoform_mesos::scheduler::Acknowledge;

impl Core {
    /// ACKNOWLEDGE: passed on to the agent; when the update said that the task has ended, that is all
    /// there was to know of it.
    pub(super) fn acknowledge(&mut self, id: &FrameworkId, acknowledge: Acknowledge) {
        let Acknowledge { agent_id, task_id, uuid } = acknowledge;
        if self.agents.get(&agent_id).is_none_or(|a| !a.is_active()) {
            // It stays pending: the agent sends it again, and so does the framework.
            return;
        }
        let framework = self.frameworks.get_mut(id);
        let task = framework.and_then(|f| f.tasks.get_mut(&task_id));
        let mut over = false;
        if let Some(task) = task.filter(|t| t.agent_id == agent_id)
            && let Some(update) = task.pending.take_if(|u| u.status.uuid.as_ref() == Some(&uuid))
        {
            over = update.status.state.is_terminal();
        }
        if over {
            self.remove_task(&(id.clone(), task_id.clone()));
        }
        let framework_id = id.clone();
        self.order(&agent_id, OrderKind::Acknowledge { framework_id, task_id, uuid });
    }
}
