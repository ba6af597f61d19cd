use super::resources::resources_json;
use crate::core::task::Task;
use crate::core::{Core, TaskKey};
use mesoform_mesos::{FrameworkId, TaskState, TaskStatus};
use serde_json::{Map, Value, json};

impl Core {
    /// One task as in Mesos' `/state`; null if it is not known.
    pub(in crate::core) fn task_json(&self, (framework_id, task_id): &TaskKey) -> Value {
        let framework = self.frameworks.get(framework_id);
        let task = framework.and_then(|f| f.tasks.get(task_id));
        task.map_or(Value::Null, |task| show(framework_id, task))
    }

    /// The state that frameworks and people see.
    pub(in crate::core) fn visible_state(task: &Task) -> TaskState {
        if task.unreachable && !task.state.is_terminal() {
            TaskState::Unreachable
        } else {
            task.state
        }
    }

    /// Mesos' `/tasks`.
    pub fn tasks_json(&self) -> Value {
        let all = self.frameworks.iter().flat_map(|(id, framework)| {
            let live = framework.tasks.values().map(move |task| show(id, task));
            live.chain(framework.completed_tasks.iter().cloned())
        });
        json!({ "tasks": all.collect::<Vec<_>>() })
    }
}

pub fn show(framework_id: &FrameworkId, task: &Task) -> Value {
    let info = &task.info;
    let mut shown = Map::new();
    let mut put = |name: &str, value: Value| shown.insert(name.to_owned(), value);
    put("id", json!(info.task_id.value));
    put("name", json!(info.name));
    put("framework_id", json!(framework_id.value));
    put("executor_id", json!(""));
    put("slave_id", json!(task.agent_id.value));
    put("state", json!(Core::visible_state(task)));
    put("resources", resources_json(&task.resources));
    put("role", json!("*"));
    put("statuses", task.statuses.iter().map(status).collect());
    for (name, value) in [
        ("labels", json!(info.labels.as_ref().map(|l| &l.labels))),
        ("discovery", json!(info.discovery)),
        ("container", json!(info.container)),
        ("health_check", json!(info.health_check)),
        ("user", json!(info.command.as_ref().and_then(|c| c.user.as_ref()))),
    ] {
        if !value.is_null() {
            put(name, value);
        }
    }
    Value::Object(shown)
}

fn status(status: &TaskStatus) -> Value {
    let mut shown = Map::new();
    shown.insert("state".to_owned(), json!(status.state));
    shown.insert("timestamp".to_owned(), json!(status.timestamp));
    for (name, value) in [
        ("healthy", json!(status.healthy)),
        ("message", json!(status.message)),
        ("reason", json!(status.reason)),
        ("container_status", json!(status.container_status)),
        ("labels", json!(status.labels.as_ref().map(|l| &l.labels))),
    ] {
        if !value.is_null() {
            shown.insert(name.to_owned(), value);
        }
    }
    Value::Object(shown)
}
