use crate::core::{Core, Task, TaskKey};
use crate::store::Places;
use mesoform_mesos::agent_protocol::Fence;
use mesoform_mesos::{AgentId, FrameworkInfo, TaskInfo, TaskState, TaskStatus};
use std::path::PathBuf;

/// The agent as its API shows it.
#[derive(Debug, Clone)]
pub struct View {
    pub agent_id: Option<AgentId>,
    pub seen: Option<Fence>,
    pub registered: bool,
    pub tasks: Vec<TaskView>,
}

/// A task as the API shows it.
#[derive(Debug, Clone)]
pub struct TaskView {
    pub key: TaskKey,
    pub framework: FrameworkInfo,
    pub info: TaskInfo,
    pub state: TaskState,
    pub status: Option<TaskStatus>,
    /// Updates that nobody has acknowledged.
    pub pending: usize,
    pub sandbox: PathBuf,
}

impl View {
    pub fn of(core: &Core, places: &Places) -> Self {
        Self {
            agent_id: core.agent_id().cloned(),
            seen: core.seen(),
            registered: core.session().is_some(),
            tasks: core.tasks().map(|(key, task)| TaskView::of(key, task, places)).collect(),
        }
    }
}

impl TaskView {
    fn of(key: &TaskKey, task: &Task, places: &Places) -> Self {
        Self {
            key: key.clone(),
            framework: task.launch.framework.clone(),
            info: task.launch.task.clone(),
            state: task.progress.state,
            status: task.latest.clone(),
            pending: task.progress.pending.len(),
            sandbox: places.sandbox(key),
        }
    }
}
