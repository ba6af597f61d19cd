//! Tasks that this agent cannot run: each gets an answer, at once and in clear words.

use super::Task;
use mesoform_mesos::{CommandInfo, ContainerInfo, ContainerType, TaskInfo, TaskState, TaskStatus};
use mesoform_mesos::{reason, source};

/// Why a task is not started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    state: TaskState,
    reason: &'static str,
    message: String,
}

impl Refusal {
    pub fn status(&self, task: &Task) -> TaskStatus {
        let mut status = TaskStatus::new(task.launch.task.task_id.clone(), self.state);
        status.reason = Some(self.reason.to_owned());
        status.source = Some(source::AGENT.to_owned());
        status.message = Some(self.message.clone());
        status
    }
}

/// What stands against starting the task.
pub fn of(task: &TaskInfo) -> Option<Refusal> {
    if task.executor.is_some() {
        return Some(unable("this agent runs commands only, no executors of frameworks"));
    }
    if let Some(container) = task.container.as_ref().and_then(of_container) {
        return Some(unable(container));
    }
    let Some(command) = &task.command else {
        return Some(invalid("the task has no command"));
    };
    of_command(command)
}

fn of_container(container: &ContainerInfo) -> Option<&'static str> {
    if container.kind == ContainerType::Docker {
        return Some("this agent runs no Docker containers yet; run the task as a plain command");
    }
    let has_image = container.extra.get("mesos").is_some_and(|mesos| mesos.get("image").is_some());
    if has_image {
        return Some("this agent runs no container images yet; run the task as a plain command");
    }
    if !container.volumes.is_empty() {
        return Some("this agent mounts no volumes yet; use paths of the host");
    }
    let named = container.network_infos.iter().any(|network| network.name.is_some());
    named.then_some("this agent has no container networks yet; use the host's network")
}

fn of_command(command: &CommandInfo) -> Option<Refusal> {
    if let Some(uri) = command.uris.first() {
        return Some(unable(&format!(
            "this agent fetches no URIs yet ({}); fetch it in the command",
            uri.value
        )));
    }
    let value = command.value.as_deref().unwrap_or_default();
    if value.is_empty() && (command.is_shell() || command.arguments.is_empty()) {
        return Some(invalid("the command is empty"));
    }
    let variables = command.environment.iter().flat_map(|e| &e.variables);
    let mut texts = variables
        .flat_map(|v| [Some(v.name.as_str()), v.value.as_deref()])
        .flatten()
        .chain(command.arguments.iter().map(String::as_str))
        .chain([value]);
    texts.any(|text| text.contains('\0')).then(|| invalid("the command holds a zero byte"))
}

fn unable(message: &str) -> Refusal {
    let message = message.to_owned();
    Refusal { state: TaskState::Failed, reason: reason::CONTAINER_LAUNCH_FAILED, message }
}

fn invalid(message: &str) -> Refusal {
    let message = message.to_owned();
    Refusal { state: TaskState::Error, reason: reason::TASK_INVALID, message }
}
