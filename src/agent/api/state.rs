//! `GET /state`, in the shape of Mesos' agents: the parts that UIs and tools read.

use super::Api;
use crate::shell::{TaskView, View};
use mesoform_mesos::{Attribute, Resource};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::time::UNIX_EPOCH;

pub fn of(view: &View, api: &Api) -> Value {
    let (running, ended): (Vec<&TaskView>, Vec<_>) =
        view.tasks.iter().partition(|task| !task.state.is_terminal());
    let started = api.started.duration_since(UNIX_EPOCH).map_or(0.0, |d| d.as_secs_f64());
    let port = api.info.port.unwrap_or_default();
    let address = api.info.address.clone().unwrap_or_else(|| api.info.hostname.clone());
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "id": view.agent_id.as_ref().map_or("", |id| id.as_str()),
        "pid": format!("slave(1)@{address}:{port}"),
        "hostname": api.info.hostname,
        "start_time": started,
        "resources": resources(&api.info.resources),
        "attributes": attributes(&api.info.attributes),
        "frameworks": frameworks(&running, "executors"),
        "completed_frameworks": frameworks(&ended, "completed_executors"),
        "flags": { "work_dir": api.places.work_dir },
    })
}

fn frameworks(tasks: &[&TaskView], executors: &str) -> Vec<Value> {
    let mut by_framework: BTreeMap<&str, Vec<&TaskView>> = BTreeMap::new();
    for task in tasks {
        by_framework.entry(&task.key.framework).or_default().push(task);
    }
    by_framework.into_iter().map(|(id, tasks)| framework(id, &tasks, executors)).collect()
}

fn framework(id: &str, tasks: &[&TaskView], executors: &str) -> Value {
    let info = tasks.first().map(|task| &task.framework);
    let mut framework = json!({
        "id": id,
        "name": info.map_or("", |info| &info.name),
        "user": info.map_or("", |info| &info.user),
        "checkpoint": true,
        "executors": [],
        "completed_executors": [],
    });
    framework[executors] = tasks.iter().map(|task| executor(task)).collect();
    framework
}

/// Each command is an executor of its own, with its task's id, as in Mesos.
fn executor(task: &TaskView) -> Value {
    let ended = task.state.is_terminal();
    let one = vec![self::task(task)];
    let (running, completed) = if ended { (vec![], one) } else { (one, vec![]) };
    json!({
        "id": task.key.task,
        "name": format!("Command Executor (Task: {})", task.key.task),
        "source": task.key.task,
        "container": task.sandbox.parent().and_then(|dir| dir.file_name()).map(|n| n.to_string_lossy()),
        "directory": task.sandbox,
        "resources": resources(&task.info.resources),
        "tasks": running,
        "queued_tasks": [],
        "completed_tasks": completed,
    })
}

fn task(task: &TaskView) -> Value {
    json!({
        "id": task.key.task,
        "name": task.info.name,
        "framework_id": task.key.framework,
        "executor_id": "",
        "slave_id": task.info.agent_id.value,
        "state": task.state,
        "resources": resources(&task.info.resources),
        "labels": task.info.labels.as_ref().map(|labels| &labels.labels),
        "discovery": task.info.discovery,
        "statuses": task.status.iter().map(status).collect::<Vec<_>>(),
    })
}

fn status(status: &mesoform_mesos::TaskStatus) -> Value {
    json!({
        "state": status.state,
        "timestamp": status.timestamp,
        "message": status.message,
        "container_status": status.container_status,
    })
}

/// Numbers as numbers, ranges as `[31000-32000]`.
fn resources(resources: &[Resource]) -> Map<String, Value> {
    let mut shown: Map<String, Value> = ["cpus", "mem", "disk", "gpus"]
        .map(|name| (name.to_owned(), json!(0.0)))
        .into_iter()
        .collect();
    for resource in resources {
        let name = resource.name.clone();
        if let Some(scalar) = resource.scalar {
            let sum = shown.get(&name).and_then(Value::as_f64).unwrap_or(0.0) + scalar.value;
            shown.insert(name, json!(sum));
        } else if let Some(ranges) = &resource.ranges {
            let parts: Vec<String> =
                ranges.range.iter().map(|range| format!("{}-{}", range.begin, range.end)).collect();
            shown.insert(name, json!(format!("[{}]", parts.join(", "))));
        } else if let Some(set) = &resource.set {
            shown.insert(name, json!(format!("{{{}}}", set.item.join(", "))));
        }
    }
    shown
}

fn attributes(attributes: &[Attribute]) -> Map<String, Value> {
    let shown = |attribute: &Attribute| {
        let value = match attribute.scalar {
            Some(scalar) => json!(scalar.value),
            None => json!(attribute.value_text()),
        };
        (attribute.name.clone(), value)
    };
    attributes.iter().map(shown).collect()
}
