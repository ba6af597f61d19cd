use crate::{AgentId, FrameworkId, TaskStatus};
use serde::{Deserialize, Serialize};

/// Status updates of an agent's tasks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub agent_id: AgentId,
    /// The leadership that the agent is registered with.
    pub leadership: i64,
    pub updates: Vec<StatusUpdate>,
}

/// One update. `status.uuid` and `status.timestamp` are present.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StatusUpdate {
    pub framework_id: FrameworkId,
    pub agent_id: AgentId,
    pub status: TaskStatus,
}

/// A sign of life, in answer to a ping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pong {
    pub agent_id: AgentId,
    pub leadership: i64,
}
