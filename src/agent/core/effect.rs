use super::{Launch, Progress, Task, TaskKey};
use mesoform_mesos::AgentId;
use mesoform_mesos::agent_protocol::{Fence, Pong, Report};
use std::time::Duration;

/// What the shell does, one after the other: what is to be kept is on disk before the next is done.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    KeepLeadership(Fence),
    KeepAgentId(AgentId),
    /// A new task's folder.
    KeepLaunch {
        key: TaskKey,
        launch: Box<Launch>,
    },
    KeepProgress {
        key: TaskKey,
        progress: Box<Progress>,
    },
    /// Start an executor and watch it.
    Launch {
        key: TaskKey,
    },
    /// Watch an executor that should be there; `ran`: it once was for sure.
    Watch {
        key: TaskKey,
        ran: bool,
    },
    Kill {
        key: TaskKey,
        grace: Duration,
    },
    /// The exit is kept: the executor may go.
    Release {
        key: TaskKey,
    },
    Report(Report),
    Pong(Pong),
    /// An order of a master that leads no longer, or of another quorum: end the connection to it.
    Refuse {
        leadership: Fence,
        seen: Fence,
    },
    /// An order of a kind that this version does not know.
    PassOver,
    /// Every task has ended as the master wanted: forget the agent's id and end.
    Leave {
        reason: String,
    },
}

impl Effect {
    pub(super) fn keep(key: &TaskKey, task: &Task) -> Self {
        Self::KeepProgress { key: key.clone(), progress: Box::new(task.progress.clone()) }
    }
}
