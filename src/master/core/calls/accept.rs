use crate::core::task::Task;
use crate::core::{Core, TaskKey};
use mesoform_mesos::agent_protocol::OrderKind;
use mesoform_mesos::scheduler::{Accept, Event};
use mesoform_mesos::{
    AgentId, Filters, FrameworkId, LaunchGroup, OfferId, Operation, Resources, TaskInfo, TaskState,
    operation_kind, reason,
};
use std::collections::BTreeSet;

/// Offers that were taken: what can be launched from.
struct Taken {
    agent_id: AgentId,
    rest: Resources,
}

impl Core {
    /// ACCEPT: launches tasks from offers; what is left over is refused for a while.
    pub(super) fn accept(&mut self, id: &FrameworkId, accept: Accept) {
        match self.take_offers(id, &accept.offer_ids) {
            Ok(taken) => self.operate(id, taken, accept.operations, accept.filters),
            Err(cause) => self.drop_launches(id, &accept.operations, &cause),
        }
    }

    /// Takes the offers, if all are this framework's and of one agent; else frees those that are its.
    fn take_offers(&mut self, id: &FrameworkId, ids: &[OfferId]) -> Result<Taken, String> {
        let checked = self.check_offers(id, ids);
        let mut rest = Resources::new();
        for offer_id in ids {
            if self.offers.get(offer_id).is_some_and(|o| o.framework_id == *id)
                && let Some(offer) = self.remove_offer(offer_id)
            {
                rest.add(&offer.resources);
            }
        }
        checked.map(|agent_id| Taken { agent_id, rest })
    }

    fn check_offers(&self, id: &FrameworkId, ids: &[OfferId]) -> Result<AgentId, String> {
        let mut agents = BTreeSet::new();
        for (i, offer_id) in ids.iter().enumerate() {
            if ids[..i].contains(offer_id) {
                return Err(format!("Duplicate offer {offer_id} in offer list"));
            }
            match self.offers.get(offer_id) {
                Some(offer) if offer.framework_id == *id => agents.insert(&offer.agent_id),
                _ => return Err(format!("Offer {offer_id} is no longer valid")),
            };
        }
        match (agents.pop_first(), agents.is_empty()) {
            (Some(agent), true) => Ok(agent.clone()),
            (Some(_), false) => Err("Offers are of more than one agent".to_owned()),
            (None, _) => Err("No offers specified".to_owned()),
        }
    }

    fn operate(
        &mut self,
        id: &FrameworkId,
        mut taken: Taken,
        operations: Vec<Operation>,
        filters: Option<Filters>,
    ) {
        let mut launched = Vec::new();
        for operation in operations {
            match (operation.kind.as_str(), operation.launch) {
                (operation_kind::LAUNCH, Some(launch)) => {
                    for task in launch.task_infos {
                        launched.extend(self.launch(id, &mut taken, task));
                    }
                }
                _ => self.refuse_operation(id, &operation.kind, operation.launch_group),
            }
        }
        self.send_launch(id, &taken.agent_id, launched);
        self.refuse(id, &taken.agent_id, taken.rest, filters);
    }

    /// Takes one task's resources, or answers with TASK_ERROR.
    fn launch(&mut self, id: &FrameworkId, taken: &mut Taken, task: TaskInfo) -> Option<TaskInfo> {
        let resources = match self.check_task(id, &taken.agent_id, &taken.rest, &task) {
            Ok(resources) => resources,
            Err(words) => {
                let agent = Some(&taken.agent_id);
                let reason = reason::TASK_INVALID;
                let state = TaskState::Error;
                let status = self.status(&task.task_id, agent, state, reason, words);
                // Not noted with the task: one of this id may already run.
                self.tell(id, Event::update(status));
                return None;
            }
        };
        taken.rest.subtract(&resources);
        let key: TaskKey = (id.clone(), task.task_id.clone());
        let framework = self.frameworks.get_mut(id)?;
        let record = Task::new(task.clone(), TaskState::Staging, resources);
        framework.tasks.insert(task.task_id.clone(), record);
        self.hold(&key);
        Some(task)
    }

    fn send_launch(&mut self, id: &FrameworkId, agent_id: &AgentId, tasks: Vec<TaskInfo>) {
        let Some(framework) = self.frameworks.get(id) else { return };
        if !tasks.is_empty() {
            let framework = Box::new(framework.info.clone());
            self.order(agent_id, OrderKind::Launch { framework, tasks });
        }
    }

    /// The offers were no longer valid: nothing was launched.
    fn drop_launches(&mut self, id: &FrameworkId, operations: &[Operation], cause: &str) {
        let Some(framework) = self.frameworks.get(id) else { return };
        let state = framework.partition_state(TaskState::Dropped);
        let words = format!("Task launched with invalid offers: {cause}");
        let launches = operations.iter().filter_map(|o| o.launch.as_ref());
        let groups = operations.iter().filter_map(|o| o.launch_group.as_ref());
        let tasks = launches.flat_map(|l| &l.task_infos);
        let statuses: Vec<_> = tasks
            .chain(groups.flat_map(|g| &g.task_group.tasks))
            .map(|t| {
                let agent = Some(&t.agent_id);
                self.status(&t.task_id, agent, state, reason::INVALID_OFFERS, words.clone())
            })
            .collect();
        for status in statuses {
            self.tell(id, Event::update(status));
        }
    }

    fn refuse_operation(&mut self, id: &FrameworkId, kind: &str, group: Option<LaunchGroup>) {
        tracing::warn!(framework = %id, operation = kind, "operation is not supported");
        for task in group.map(|g| g.task_group.tasks).unwrap_or_default() {
            let words = "Task groups are not supported";
            let (agent, reason) = (Some(&task.agent_id), reason::TASK_INVALID);
            let status = self.status(&task.task_id, agent, TaskState::Error, reason, words);
            self.tell(id, Event::update(status));
        }
    }
}
