use super::asked::Asked;
use crate::core::View;
use crate::model::{AppDefinition, Instance};
use mesoform_mesos::TaskState;
use serde_json::{Value, json};

/// What is shown of an app besides its definition.
#[derive(Debug, Clone, Copy)]
pub struct Embed {
    pub tasks: bool,
    pub failure: bool,
}

impl Embed {
    /// For one app Marathon shows all.
    pub const ALL: Self = Self { tasks: true, failure: true };

    /// What a request asks for; counts and deployments are always shown.
    pub fn of(asked: &Asked) -> Self {
        let has = |name: &str| asked.params("embed").any(|e| detail(e) == Some(name));
        let failures = has("failures");
        Self { tasks: failures || has("tasks"), failure: failures || has("lastTaskFailure") }
    }
}

/// What `apps.tasks` asks for. Marathon takes both prefixes, and clients use both.
fn detail(embed: &str) -> Option<&str> {
    embed.strip_prefix("apps.").or_else(|| embed.strip_prefix("app."))
}

/// An app as `GET` shows it.
pub fn app_json(view: &View, app: &AppDefinition, embed: Embed) -> Value {
    let mut value = app.to_json();
    let Some(fields) = value.as_object_mut() else { return value };
    let state = &view.state;
    let count = |which: fn(&Instance) -> bool| state.of(&app.id).filter(|i| which(i)).count();
    fields.insert("tasksStaged".to_owned(), count(is_staged).into());
    fields.insert("tasksRunning".to_owned(), count(is_running).into());
    fields.insert("tasksHealthy".to_owned(), 0.into());
    fields.insert("tasksUnhealthy".to_owned(), 0.into());
    let deployments: Vec<Value> =
        state.locks(&app.id).map(|deployment| json!({ "id": deployment.id })).collect();
    fields.insert("deployments".to_owned(), deployments.into());
    if embed.tasks {
        let tasks: Vec<Value> = state.of(&app.id).map(|i| task_json(view, i)).collect();
        fields.insert("tasks".to_owned(), tasks.into());
    }
    if let Some(failure) = state.failures.get(&app.id).filter(|_| embed.failure) {
        let failure = serde_json::to_value(&**failure).unwrap_or_default();
        fields.insert("lastTaskFailure".to_owned(), failure);
    }
    value
}

/// A task as `GET` shows it.
pub fn task_json(view: &View, instance: &Instance) -> Value {
    let mut task = json!({
        "appId": instance.app,
        "healthCheckResults": [],
        "host": instance.host,
        "id": instance.id.task_id(),
        "ipAddresses": [],
        "localVolumes": [],
        "ports": instance.ports,
        "servicePorts": service_ports(view, instance),
        "slaveId": instance.agent_id,
        "state": instance.state,
        "stagedAt": instance.staged_at,
        "version": instance.version,
        "role": "*",
    });
    let optional = [
        ("startedAt", instance.started_at.map(|at| at.to_string())),
        ("region", instance.attributes.get("@region").cloned()),
        ("zone", instance.attributes.get("@zone").cloned()),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            task[name] = value.into();
        }
    }
    task
}

/// The service ports of the version that the instance was launched from.
fn service_ports(view: &View, instance: &Instance) -> Vec<u16> {
    let versions = view.state.versions.get(&instance.app);
    let launched = versions.and_then(|all| all.get(&instance.version));
    let app = launched.or_else(|| view.state.apps.get(&instance.app));
    app.map(|app| app.port_definitions.iter().map(|d| d.port).collect()).unwrap_or_default()
}

pub fn is_staged(instance: &Instance) -> bool {
    matches!(instance.state, TaskState::Staging | TaskState::Starting)
}

pub fn is_running(instance: &Instance) -> bool {
    instance.state == TaskState::Running
}
