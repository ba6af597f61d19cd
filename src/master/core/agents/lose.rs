use super::Unreachable;
use crate::core::{AgentRecord, Core, Effect, RegistryWrite, TaskKey, Timer};
use mesoform_mesos::scheduler::{Event, Failure};
use mesoform_mesos::{AgentId, TaskState, TimeInfo, reason};
use std::collections::BTreeSet;

impl Core {
    /// The agent was silent for too long. The registry is told first, so that a next master knows too.
    pub(super) fn begin_loss(&mut self, id: &AgentId) {
        self.withdraw_offers(id);
        let Some(agent) = self.agents.get_mut(id) else { return };
        agent.leaving = true;
        if let Some(link) = agent.link.take() {
            self.effects.push(Effect::Close { link });
        }
        tracing::warn!(agent = %id, host = agent.info.hostname, "agent is unreachable");
        let mut record = AgentRecord::new(id.clone(), &agent.info.hostname);
        record.unreachable_since = Some(self.now.unix);
        self.effects.push(Effect::Write(RegistryWrite::Put(record)));
    }

    /// The registry knows that the agent is lost: now the frameworks hear of it.
    pub(in crate::core) fn finish_loss(&mut self, record: &AgentRecord) {
        let missed = self.recovering.remove(&record.id).is_some();
        let left = self.agents.get(&record.id).is_some_and(|a| a.leaving);
        if !missed && !left {
            self.correct_record(&record.id);
            return;
        }
        let tasks = self.drop_agent(&record.id);
        for key in &tasks {
            self.task_unreachable(&record.id, key);
        }
        let unreachable = Unreachable { record: record.clone(), tasks };
        self.unreachable.insert(record.id.clone(), unreachable);
        self.tell_failure(&record.id);
        self.forget_unreachable();
    }

    /// The agent came back while the registry was told that it is lost.
    fn correct_record(&mut self, id: &AgentId) {
        let Some(agent) = self.agents.get(id) else { return };
        let record = AgentRecord::new(id.clone(), &agent.info.hostname);
        self.effects.push(Effect::Write(RegistryWrite::Put(record)));
    }

    /// The agent will not come back under this id: its tasks are gone, and so is its record.
    pub(super) fn forget_agent(&mut self, id: &AgentId) {
        self.withdraw_offers(id);
        if let Some(hostname) = self.host_of(id).cloned() {
            self.forget_host(id, &hostname);
        }
        let link = self.agents.get(id).and_then(|a| a.link);
        self.effects.extend(link.map(|link| Effect::Close { link }));
        let mut tasks = self.drop_agent(id);
        tasks.extend(self.unreachable.remove(id).map(|u| u.tasks).unwrap_or_default());
        self.recovering.remove(id);
        for key in tasks {
            self.task_gone(id, &key);
        }
        self.effects.push(Effect::Write(RegistryWrite::Delete(id.clone())));
        self.tell_failure(id);
    }

    /// Takes an agent out, with what it holds.
    fn drop_agent(&mut self, id: &AgentId) -> BTreeSet<TaskKey> {
        let tasks = self.agents.get(id).map(|a| a.tasks.clone()).unwrap_or_default();
        tasks.iter().for_each(|key| self.release(key));
        self.timers.cancel(&Timer::Ping(id.clone()));
        if let Some(agent) = self.agents.remove(id) {
            self.total.subtract(&agent.total);
        }
        tasks
    }

    #[allow(clippy::cast_possible_truncation)] // Nanoseconds of this century fit.
    fn task_unreachable(&mut self, agent_id: &AgentId, (framework_id, task_id): &TaskKey) {
        let Some(framework) = self.frameworks.get_mut(framework_id) else { return };
        let state = framework.partition_state(TaskState::Unreachable);
        let Some(task) = framework.tasks.get_mut(task_id) else { return };
        task.unreachable = true;
        if task.state.is_terminal() {
            return;
        }
        let words = "The agent does not answer";
        let reason = reason::AGENT_REMOVED;
        let mut status = self.status(task_id, Some(agent_id), state, reason, words);
        status.unreachable_time = Some(TimeInfo { nanoseconds: (self.now.unix * 1e9) as i64 });
        self.tell_status(framework_id, status);
    }

    fn task_gone(&mut self, agent_id: &AgentId, key: &TaskKey) {
        let (framework_id, task_id) = key;
        let Some(framework) = self.frameworks.get(framework_id) else { return };
        let state = framework.partition_state(TaskState::Gone);
        if framework.tasks.get(task_id).is_some_and(|task| !task.state.is_terminal()) {
            let words = "The agent is gone for good";
            let reason = reason::AGENT_REMOVED;
            let status = self.status(task_id, Some(agent_id), state, reason, words);
            self.tell_status(framework_id, status);
        }
        self.remove_task(key);
    }

    fn tell_failure(&mut self, id: &AgentId) {
        let frameworks: Vec<_> = self.frameworks.keys().cloned().collect();
        for framework in frameworks {
            let failure = Failure { agent_id: Some(id.clone()), ..Failure::default() };
            self.tell(&framework, Event::Failure(failure));
        }
    }
}
