use crate::core::framework::Framework;
use crate::core::task::Task;
use crate::core::{Core, TaskKey, Timer};
use mesoform_mesos::agent_protocol::{OrderKind, TaskReport};
use mesoform_mesos::{AgentId, FrameworkId, FrameworkInfo, Resources, TaskState, reason};
use std::collections::BTreeSet;

impl Core {
    /// The agent's word on its tasks, against those that it was `known` to have.
    pub(super) fn take_over_tasks(
        &mut self,
        agent_id: &AgentId,
        reports: Vec<TaskReport>,
        mut known: BTreeSet<TaskKey>,
        returns: bool,
    ) {
        let mut shut_down = BTreeSet::new();
        for report in reports {
            let Some(framework_id) = report.framework.id.clone() else { continue };
            known.remove(&(framework_id.clone(), report.task.task_id.clone()));
            if self.completed.contains(&framework_id) {
                if shut_down.insert(framework_id.clone()) {
                    self.order(agent_id, OrderKind::ShutdownFramework { framework_id });
                }
                continue;
            }
            self.recover_framework(&framework_id, &report.framework);
            self.take_over(agent_id, &framework_id, report, returns);
        }
        for key in known {
            self.task_never_arrived(agent_id, &key, returns);
        }
    }

    /// A framework that this master only hears of through its tasks: it has its failover time-out, and
    /// no less than agents have, to come back.
    fn recover_framework(&mut self, id: &FrameworkId, info: &FrameworkInfo) {
        if self.frameworks.contains_key(id) {
            return;
        }
        let mut framework = Framework::new(info.clone(), self.now);
        framework.recovered = true;
        let patience = framework.failover_timeout().unwrap_or_default().max(self.limits.reregister);
        self.timers.set(Timer::Failover(id.clone()), self.now + patience);
        self.frameworks.insert(id.clone(), framework);
    }

    fn take_over(
        &mut self,
        agent_id: &AgentId,
        framework_id: &FrameworkId,
        report: TaskReport,
        returns: bool,
    ) {
        let Some(framework) = self.frameworks.get_mut(framework_id) else { return };
        let task_id = report.task.task_id.clone();
        if framework.tasks.get(&task_id).is_some_and(|t| t.agent_id != *agent_id) {
            // The framework has the same id run elsewhere by now; there must not be two.
            let framework_id = framework_id.clone();
            self.order(agent_id, OrderKind::Kill { framework_id, task_id, grace_ms: None });
            return;
        }
        let task = framework.tasks.entry(task_id.clone()).or_insert_with(|| {
            let resources = Resources::read(&report.task.resources).unwrap_or_default();
            let mut info = report.task;
            info.agent_id = agent_id.clone();
            Task::new(info, TaskState::Staging, resources)
        });
        task.advance(report.state);
        task.pending = report.pending.into_iter().next();
        task.unreachable = false;
        let (state, kill) = (task.state, task.kill);
        let key = (framework_id.clone(), task_id.clone());
        self.hold(&key);
        if let (Some(grace_ms), false) = (kill, state.is_terminal()) {
            let framework_id = framework_id.clone();
            self.order(agent_id, OrderKind::Kill { framework_id, task_id, grace_ms });
        } else if returns && !state.is_terminal() {
            let words = "Agent came back";
            let reason = reason::AGENT_REREGISTERED;
            let status = self.status(&task_id, Some(agent_id), state, reason, words);
            self.tell_status(framework_id, status);
        }
    }

    /// A task that the agent was sent, or had, and does not have.
    fn task_never_arrived(&mut self, agent_id: &AgentId, key: &TaskKey, returns: bool) {
        let (framework_id, task_id) = key;
        let Some(framework) = self.frameworks.get(framework_id) else { return };
        let Some(task) = framework.tasks.get(task_id) else { return };
        if !task.state.is_terminal() {
            let state = if returns { TaskState::Gone } else { TaskState::Dropped };
            let state = framework.partition_state(state);
            let words = "The agent registered without this task";
            let reason = reason::AGENT_REREGISTERED;
            let status = self.status(task_id, Some(agent_id), state, reason, words);
            self.tell_status(framework_id, status);
        }
        self.remove_task(key);
    }
}
