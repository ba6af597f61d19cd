use mesoform_mesos::agent_protocol::StatusUpdate;
use mesoform_mesos::{AgentId, Resources, TaskInfo, TaskState, TaskStatus};
use std::collections::VecDeque;

/// How many of a task's statuses are kept to be shown.
const MAX_STATUSES: usize = 8;

/// A task, from its launch to the acknowledgement of its end.
#[derive(Debug)]
pub struct Task {
    pub info: TaskInfo,
    pub agent_id: AgentId,
    /// The agent's own view; only goes forward.
    pub state: TaskState,
    /// Its agent is unreachable.
    pub unreachable: bool,
    pub resources: Resources,
    /// The update that awaits the framework's acknowledgement.
    pub pending: Option<StatusUpdate>,
    /// The framework wants it dead (with this grace in ms), and the agent may not have heard.
    pub kill: Option<Option<u64>>,
    pub statuses: VecDeque<TaskStatus>,
}

impl Task {
    pub fn new(info: TaskInfo, state: TaskState, resources: Resources) -> Self {
        Self {
            agent_id: info.agent_id.clone(),
            info,
            state,
            unreachable: false,
            resources,
            pending: None,
            kill: None,
            statuses: VecDeque::new(),
        }
    }

    /// Whether its resources are in use on its agent.
    pub fn holds_resources(&self) -> bool {
        !self.state.is_terminal() && !self.unreachable
    }

    /// Takes the agent's word for its state, if that is a step forward.
    pub fn advance(&mut self, state: TaskState) {
        if !self.state.is_terminal() && rank(state) >= rank(self.state) {
            self.state = state;
        }
    }

    /// Keeps a status to be shown.
    pub fn note(&mut self, status: &TaskStatus) {
        if self.statuses.len() == MAX_STATUSES {
            self.statuses.pop_front();
        }
        self.statuses.push_back(status.clone());
    }
}

fn rank(state: TaskState) -> u8 {
    match state {
        TaskState::Staging => 0,
        TaskState::Starting => 1,
        TaskState::Running => 2,
        TaskState::Killing => 3,
        _ if state.is_terminal() => 4,
        // UNREACHABLE and UNKNOWN are no agent's word about its own task.
        _ => 0,
    }
}
