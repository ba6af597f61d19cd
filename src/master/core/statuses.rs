use super::Core;
use mesoform_mesos::scheduler::Event;
use mesoform_mesos::{AgentId, FrameworkId, TaskId, TaskState, TaskStatus, source};

impl Core {
    /// A status of the master's own making: it needs no acknowledgement, and so has no uuid.
    pub(super) fn status(
        &self,
        task_id: &TaskId,
        agent_id: Option<&AgentId>,
        state: TaskState,
        reason: &str,
        message: impl Into<String>,
    ) -> TaskStatus {
        let mut status = TaskStatus::new(task_id.clone(), state);
        status.agent_id = agent_id.cloned();
        status.source = Some(source::MASTER.to_owned());
        status.reason = Some(reason.to_owned());
        status.message = Some(message.into());
        status.timestamp = Some(self.now.unix);
        status
    }

    /// Tells the framework a status, and notes it with the task.
    pub(super) fn tell_status(&mut self, framework_id: &FrameworkId, status: TaskStatus) {
        let framework = self.frameworks.get_mut(framework_id);
        if let Some(task) = framework.and_then(|f| f.tasks.get_mut(&status.task_id)) {
            task.note(&status);
        }
        self.tell(framework_id, Event::update(status));
    }
}
