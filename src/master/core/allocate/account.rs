//! Keeping the books: every change of `used`, `offered` and `allocated` but the making of offers.

use crate::core::offer::OpenOffer;
use crate::core::{Core, TaskKey};
use mesoform_mesos::OfferId;

impl Core {
    /// The task is on its agent, and has its resources.
    pub(in crate::core) fn hold(&mut self, key: &TaskKey) {
        let Some(framework) = self.frameworks.get_mut(&key.0) else { return };
        let Some(task) = framework.tasks.get(&key.1) else { return };
        let Some(agent) = self.agents.get_mut(&task.agent_id) else { return };
        if agent.tasks.insert(key.clone()) && task.holds_resources() {
            agent.used.add(&task.resources);
            framework.allocated.add(&task.resources);
        }
    }

    /// The task's resources are free again. The task must still be in the state in which it held them.
    pub(in crate::core) fn release(&mut self, key: &TaskKey) {
        let Some(framework) = self.frameworks.get_mut(&key.0) else { return };
        let Some(task) = framework.tasks.get(&key.1) else { return };
        let Some(agent) = self.agents.get_mut(&task.agent_id) else { return };
        if task.holds_resources() && agent.tasks.contains(key) {
            agent.used.subtract(&task.resources);
            framework.allocated.subtract(&task.resources);
            self.allocate_soon();
        }
    }

    /// The task is over and done with.
    pub(in crate::core) fn remove_task(&mut self, key: &TaskKey) {
        self.release(key);
        let shown = self.task_json(key);
        let Some(framework) = self.frameworks.get_mut(&key.0) else { return };
        let Some(task) = framework.tasks.remove(&key.1) else { return };
        framework.remember(shown);
        if let Some(agent) = self.agents.get_mut(&task.agent_id) {
            agent.tasks.remove(key);
        }
        if let Some(agent) = self.unreachable.get_mut(&task.agent_id) {
            agent.tasks.remove(key);
        }
    }

    /// The offer is no more; what it had is free.
    pub(in crate::core) fn remove_offer(&mut self, id: &OfferId) -> Option<OpenOffer> {
        let offer = self.offers.remove(id)?;
        if let Some(agent) = self.agents.get_mut(&offer.agent_id) {
            agent.offered.subtract(&offer.resources);
            agent.offers.remove(id);
        }
        if let Some(framework) = self.frameworks.get_mut(&offer.framework_id) {
            framework.allocated.subtract(&offer.resources);
            framework.offers.remove(id);
        }
        self.allocate_soon();
        Some(offer)
    }
}
