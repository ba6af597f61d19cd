use super::{Fence, QuorumId, StatusUpdate};
use crate::{AgentId, AgentInfo, FrameworkInfo, TaskInfo, TaskState};
use serde::{Deserialize, Serialize};

/// An agent comes, or comes back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Subscribe {
    /// [`super::PROTOCOL`] of the agent.
    pub protocol: u32,
    /// Its id, if it was registered before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<AgentId>,
    pub info: AgentInfo,
    /// Every task that it holds, finished ones too while they have updates to be acknowledged.
    #[serde(default)]
    pub tasks: Vec<TaskReport>,
    /// The highest leadership that it has taken orders from; 0 if none.
    #[serde(default)]
    pub seen_leadership: i64,
    /// The quorum of that leadership; none where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen_quorum: Option<QuorumId>,
}

impl Subscribe {
    /// What the agent has obeyed, if anyone.
    pub fn seen(&self) -> Option<Fence> {
        self.seen_quorum.map(|quorum| Fence::new(quorum, self.seen_leadership))
    }
}

/// A task as the agent knows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskReport {
    pub framework: FrameworkInfo,
    pub task: TaskInfo,
    /// The task's state now, whether or not the framework has heard of it.
    pub state: TaskState,
    /// Updates not acknowledged yet, oldest first. The agent sends them by itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pending: Vec<StatusUpdate>,
}
