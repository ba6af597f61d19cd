//! The words of status updates.

use super::{News, Now, Task};
use crate::executor::{Cause, Exit, Outcome};
use mesoform_mesos::agent_protocol::StatusUpdate;
use mesoform_mesos::{
    AgentId, Binary, ContainerStatus, ExecutorId, FrameworkId, IpAddress, StatusNetworkInfo,
    TaskId, TaskState, TaskStatus, capability, reason, source,
};

/// Fills in what every update says.
#[derive(Debug, Clone)]
pub struct Author {
    pub address: String,
    pub fresh: fn() -> Binary,
}

impl Author {
    /// The update that carries `status`.
    pub fn update(
        &self,
        mut status: TaskStatus,
        task: &Task,
        agent: Option<&AgentId>,
        now: Now,
    ) -> StatusUpdate {
        let agent_id = agent.unwrap_or(&task.launch.task.agent_id).clone();
        let framework_id = task.launch.framework.id.clone();
        status.executor_id = Some(ExecutorId::new(status.task_id.value.clone()));
        status.container_status = Some(self.container(task.pid));
        status.source.get_or_insert_with(|| source::EXECUTOR.to_owned());
        self.seal(status, framework_id.unwrap_or_else(|| FrameworkId::new("")), agent_id, now)
    }

    /// The answer to who speaks of a task that is not here.
    pub fn unknown_task(
        &self,
        framework: &FrameworkId,
        task: &TaskId,
        agent: &AgentId,
        now: Now,
    ) -> StatusUpdate {
        let mut status = TaskStatus::new(task.clone(), TaskState::Lost);
        status.message = Some("unknown task".into());
        status.source = Some(source::AGENT.into());
        status.reason = Some(reason::TASK_UNKNOWN.into());
        self.seal(status, framework.clone(), agent.clone(), now)
    }

    fn seal(
        &self,
        mut status: TaskStatus,
        framework_id: FrameworkId,
        agent_id: AgentId,
        now: Now,
    ) -> StatusUpdate {
        status.agent_id = Some(agent_id.clone());
        status.timestamp = Some(now.wall);
        status.uuid = Some((self.fresh)());
        StatusUpdate { framework_id, agent_id, status }
    }

    /// The task shares the host's network.
    fn container(&self, pid: Option<i32>) -> ContainerStatus {
        let protocol = if self.address.contains(':') { "IPv6" } else { "IPv4" };
        let address =
            IpAddress { protocol: Some(protocol.into()), ip_address: Some(self.address.clone()) };
        let network = StatusNetworkInfo { ip_addresses: vec![address], ..Default::default() };
        ContainerStatus {
            network_infos: vec![network],
            executor_pid: pid.and_then(|pid| u32::try_from(pid).ok()),
            ..Default::default()
        }
    }
}

/// What the news mean for the task, in order; nothing when they are none.
pub fn of_news(task: &mut Task, news: &News, boot_id: &str) -> Vec<TaskStatus> {
    if task.is_ended() {
        return vec![];
    }
    let early = matches!(task.progress.state, TaskState::Staging | TaskState::Starting);
    let running = || early.then(|| of_task(task, TaskState::Running));
    match news {
        News::Running { pid } => {
            let statuses = running().into_iter().collect();
            task.pid = Some(*pid);
            statuses
        }
        News::Ended(exit) => {
            // One that ended before anybody saw it run did run: frameworks count on hearing so.
            let ran = matches!(exit.outcome, Outcome::Code(_) | Outcome::Signal(_));
            let before = running().filter(|_| ran);
            let statuses = before.into_iter().chain([of_exit(task, exit, boot_id)]).collect();
            task.pid = None;
            statuses
        }
    }
}

fn of_task(task: &Task, state: TaskState) -> TaskStatus {
    TaskStatus::new(task.launch.task.task_id.clone(), state)
}

fn of_exit(task: &Task, exit: &Exit, boot_id: &str) -> TaskStatus {
    let rebooted = task.launch.boot_id != boot_id;
    let (state, reason) = verdict(exit, task, rebooted);
    let mut status = of_task(task, state);
    status.message = Some(message(exit, rebooted));
    status.reason = reason.map(str::to_owned);
    if exit.outcome == Outcome::Lost {
        status.source = Some(source::AGENT.into());
    }
    status
}

fn verdict(exit: &Exit, task: &Task, rebooted: bool) -> (TaskState, Option<&'static str>) {
    if task.progress.killing {
        return (TaskState::Killed, None);
    }
    match exit.outcome {
        Outcome::Lost if rebooted => (gone(task), Some(reason::AGENT_RESTARTED)),
        Outcome::Lost => (TaskState::Failed, Some(reason::EXECUTOR_TERMINATED)),
        Outcome::NotStarted => (TaskState::Failed, Some(reason::CONTAINER_LAUNCH_FAILED)),
        _ if exit.cause.is_some() => (TaskState::Failed, Some(reason::EXECUTOR_TERMINATED)),
        Outcome::Code(0) => (TaskState::Finished, None),
        Outcome::Code(_) | Outcome::Signal(_) => {
            (TaskState::Failed, Some(reason::COMMAND_EXECUTOR_FAILED))
        }
    }
}

/// Frameworks that know of partitions never hear TASK_LOST.
fn gone(task: &Task) -> TaskState {
    let aware = task.launch.framework.has(capability::PARTITION_AWARE);
    if aware { TaskState::Gone } else { TaskState::Lost }
}

fn message(exit: &Exit, rebooted: bool) -> String {
    match (exit.outcome, exit.cause) {
        (Outcome::Lost, _) if rebooted => "the host restarted while the task ran".into(),
        (_, Some(Cause::Terminated)) => format!("the host ended it: {}", exit.message),
        (_, Some(Cause::Lifeline)) => format!("its supervisor ended: {}", exit.message),
        _ => exit.message.clone(),
    }
}
