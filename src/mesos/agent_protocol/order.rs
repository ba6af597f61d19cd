use super::{Fence, QuorumId};
use crate::{AgentId, Binary, FrameworkId, FrameworkInfo, TaskId, TaskInfo};
use serde::{Deserialize, Serialize};

/// What a leading master asks of an agent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// The revision of the master's leadership.
    pub leadership: i64,
    /// The quorum that the revision is of. An order that names none is none.
    pub quorum: QuorumId,
    pub kind: OrderKind,
}

impl Order {
    /// The order of a leadership.
    pub fn new(leadership: Fence, kind: OrderKind) -> Self {
        Self { leadership: leadership.revision, quorum: leadership.quorum, kind }
    }

    /// The leadership that orders. An agent that has obeyed another one judges by [`Fence::admits`].
    pub fn fence(&self) -> Fence {
        Fence::new(self.quorum, self.leadership)
    }
}

/// What an order is about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum OrderKind {
    /// Always the first: the agent is known under this id from now on.
    Registered {
        agent_id: AgentId,
    },
    /// To be answered with [`super::Pong`].
    Ping,
    Launch {
        framework: Box<FrameworkInfo>,
        tasks: Vec<TaskInfo>,
    },
    Kill {
        framework_id: FrameworkId,
        task_id: TaskId,
        /// In place of the task's own time between SIGTERM and SIGKILL.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        grace_ms: Option<u64>,
    },
    /// The framework has this update: the next of this task may be sent.
    Acknowledge {
        framework_id: FrameworkId,
        task_id: TaskId,
        uuid: Binary,
    },
    /// End all tasks of a framework that is gone; their updates need no acknowledgement any more.
    ShutdownFramework {
        framework_id: FrameworkId,
    },
    /// End all tasks, and the agent.
    Shutdown {
        reason: String,
    },
    /// Of a kind from a later version; to be passed over, with a line in the log.
    #[serde(other)]
    Unknown,
}
