use crate::{
    AgentId, Binary, CommandInfo, ContainerInfo, DiscoveryInfo, DurationInfo, ExecutorInfo, Extra,
    HealthCheck, Labels, Resource, TaskId,
};
use serde::{Deserialize, Serialize};

/// `TaskInfo`: what a framework wants to run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskInfo {
    #[serde(default)]
    pub name: String,
    pub task_id: TaskId,
    pub agent_id: AgentId,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<Resource>,
    /// Either this or `command`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub executor: Option<ExecutorInfo>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<CommandInfo>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<ContainerInfo>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health_check: Option<HealthCheck>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kill_policy: Option<KillPolicy>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Binary>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<Labels>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discovery: Option<DiscoveryInfo>,
    /// Among them `check`, `max_completion_time`.
    #[serde(flatten)]
    pub extra: Extra,
}

/// `KillPolicy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct KillPolicy {
    /// Between SIGTERM and SIGKILL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grace_period: Option<DurationInfo>,
}

impl TaskInfo {
    /// A command task without more.
    pub fn command(
        task_id: impl Into<String>,
        agent_id: AgentId,
        command: CommandInfo,
        resources: Vec<Resource>,
    ) -> Self {
        let task_id = TaskId::new(task_id);
        Self {
            name: task_id.value.clone(),
            task_id,
            agent_id,
            resources,
            executor: None,
            command: Some(command),
            container: None,
            health_check: None,
            kill_policy: None,
            data: None,
            labels: None,
            discovery: None,
            extra: Extra::new(),
        }
    }
}
