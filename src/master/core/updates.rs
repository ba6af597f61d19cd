use super::{Core, Effect, Now, Refusal, TaskKey};
use mesoform_mesos::AgentId;
use mesoform_mesos::agent_protocol::{OrderKind, Report, StatusUpdate};
use mesoform_mesos::scheduler::Event;

impl Core {
    /// Status updates from an agent. `host` is the one in its certificate.
    ///
    /// # Errors
    /// The agent is not registered with this leadership, or is another.
    pub fn report(&mut self, host: &str, report: Report, now: Now) -> Result<Vec<Effect>, Refusal> {
        self.now = now;
        self.heard(host, &report.agent_id, report.leadership)?;
        for update in report.updates {
            self.update(&report.agent_id, update);
        }
        Ok(self.take_effects())
    }

    fn update(&mut self, agent_id: &AgentId, mut update: StatusUpdate) {
        update.status.agent_id = Some(agent_id.clone());
        let key = (update.framework_id.clone(), update.status.task_id.clone());
        if self.is_nobodys(agent_id, &key) {
            self.acknowledge_ourselves(agent_id, update);
            return;
        }
        self.advance(&key, &update);
        self.tell(&key.0, Event::update(update.status));
    }

    /// The framework is gone, or runs this task elsewhere by now.
    fn is_nobodys(&self, agent_id: &AgentId, (framework_id, task_id): &TaskKey) -> bool {
        self.frameworks.get(framework_id).is_none_or(|framework| {
            framework.tasks.get(task_id).is_some_and(|task| task.agent_id != *agent_id)
        })
    }

    fn acknowledge_ourselves(&mut self, agent_id: &AgentId, update: StatusUpdate) {
        let StatusUpdate { framework_id, status, .. } = update;
        if let Some(uuid) = status.uuid {
            let task_id = status.task_id;
            self.order(agent_id, OrderKind::Acknowledge { framework_id, task_id, uuid });
        }
    }

    fn advance(&mut self, key: &TaskKey, update: &StatusUpdate) {
        if update.status.state.is_terminal() {
            self.release(key);
        }
        let framework = self.frameworks.get_mut(&key.0);
        let Some(task) = framework.and_then(|f| f.tasks.get_mut(&key.1)) else { return };
        task.advance(update.status.state);
        task.note(&update.status);
        task.pending = update.status.uuid.is_some().then(|| update.clone());
    }
}
