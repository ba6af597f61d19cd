use crate::disk::Stored;
use mesoform_mesos::agent_protocol::StatusUpdate;
use mesoform_mesos::{FrameworkInfo, TaskInfo, TaskState};
use serde::{Deserialize, Serialize};

/// `launch.json`: a task as it was ordered. Never changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Launch {
    pub format: u32,
    pub framework: FrameworkInfo,
    pub task: TaskInfo,
    /// The boot of the host in which it was ordered: no process outlives it.
    pub boot_id: String,
    /// Milliseconds since 1970.
    pub ordered_ms: u64,
}

/// `progress.json`: what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    pub format: u32,
    /// The newest state, whether or not anybody has heard of it.
    pub state: TaskState,
    /// Updates without acknowledgement, oldest first.
    pub pending: Vec<StatusUpdate>,
    /// Its death was ordered.
    pub killing: bool,
    /// Nobody wants to hear of it any more.
    pub silent: bool,
    /// Milliseconds since 1970.
    pub ended_ms: Option<u64>,
}

impl Launch {
    /// A task that is ordered at `wall` seconds since 1970.
    pub fn new(framework: FrameworkInfo, task: TaskInfo, boot_id: String, wall: f64) -> Self {
        Self { format: Self::FORMAT, framework, task, boot_id, ordered_ms: (wall * 1e3) as u64 }
    }
}

impl Default for Progress {
    fn default() -> Self {
        Self {
            format: Self::FORMAT,
            state: TaskState::Staging,
            pending: Vec::new(),
            killing: false,
            silent: false,
            ended_ms: None,
        }
    }
}

impl Stored for Launch {
    const FORMAT: u32 = 1;
    fn format(&self) -> u32 {
        self.format
    }
}

impl Stored for Progress {
    const FORMAT: u32 = 1;
    fn format(&self) -> u32 {
        self.format
    }
}
