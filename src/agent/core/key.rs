use mesoform_mesos::{FrameworkId, FrameworkInfo, TaskId, TaskInfo};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// A task among all of the agent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskKey {
    pub framework: String,
    pub task: String,
}

impl TaskKey {
    pub fn new(framework: &FrameworkId, task: &TaskId) -> Self {
        Self { framework: framework.value.clone(), task: task.value.clone() }
    }

    /// The key of a task that a framework launches.
    pub fn of(framework: &FrameworkInfo, task: &TaskInfo) -> Self {
        let framework = framework.id.as_ref().map_or_else(String::new, |id| id.value.clone());
        Self { framework, task: task.task_id.value.clone() }
    }

    /// A short name without special characters: for folders, sockets and units.
    pub fn short(&self) -> String {
        let mut hash = Sha256::new();
        hash.update((self.framework.len() as u64).to_be_bytes());
        hash.update(&self.framework);
        hash.update(&self.task);
        hex::encode(hash.finalize()).chars().take(16).collect()
    }
}

impl fmt::Display for TaskKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.task, self.framework)
    }
}
