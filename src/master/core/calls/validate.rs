use crate::core::Core;
use mesoform_mesos::{AgentId, FrameworkId, Resources, TaskInfo};

/// The longest id of a task, in bytes: it becomes the name of a folder.
const MAX_TASK_ID: usize = 255;

impl Core {
    /// Whether the task can be launched there from what is left; what it takes, or upstream's words.
    pub(super) fn check_task(
        &self,
        id: &FrameworkId,
        agent_id: &AgentId,
        rest: &Resources,
        task: &TaskInfo,
    ) -> Result<Resources, String> {
        check_id(task.task_id.as_str())?;
        let framework = self.frameworks.get(id).ok_or("Framework cannot be found")?;
        if framework.tasks.contains_key(&task.task_id) {
            return Err(format!("Task has duplicate ID: {}", task.task_id));
        }
        if task.agent_id != *agent_id {
            return Err(format!(
                "Task uses invalid agent {} while agent {agent_id} is expected",
                task.agent_id
            ));
        }
        match (&task.command, &task.executor) {
            (Some(_), None) => {}
            (None, Some(_)) => return Err("Custom executors are not supported".to_owned()),
            _ => {
                return Err(
                    "Task should have exactly one of CommandInfo or ExecutorInfo".to_owned()
                );
            }
        }
        let resources = Resources::read(&task.resources)
            .map_err(|e| format!("Task uses invalid resources: {e}"))?;
        if resources.is_empty() {
            return Err("Task uses no resources".to_owned());
        }
        if !rest.contains(&resources) {
            return Err(format!("Task uses more resources {resources} than available {rest}"));
        }
        Ok(resources)
    }
}

fn check_id(id: &str) -> Result<(), String> {
    let bad = |c: char| c.is_control() || c == '/' || c == '\\';
    let cause = if id.is_empty() {
        "it is empty"
    } else if id.len() > MAX_TASK_ID {
        "it is longer than 255 bytes"
    } else if id == "." || id == ".." || id.contains(bad) {
        "it contains invalid characters"
    } else {
        return Ok(());
    };
    Err(format!("Task ID is invalid: {cause}"))
}
