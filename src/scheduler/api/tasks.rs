use super::app_json::{is_running, is_staged, task_json};
use super::apps::{deploying, unexpected};
use super::asked::{Asked, app_id};
use super::reply::{self, Outcome, Problem};
use super::role::Office;
use crate::core::{Answer, Command, KillScope, View};
use crate::model::{AppDefinition, AppId, Instance, InstanceId, Problems};
use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};
use std::fmt::Write;
use std::sync::Arc;

pub fn list(office: &Office, asked: &Asked) -> Outcome {
    let view = office.view();
    if asked.wants_text() {
        return Ok(endpoints(&view, view.state.apps.values()));
    }
    let wanted: Vec<&str> = asked.params("status").chain(asked.params("status[]")).collect();
    let chosen = |instance: &Instance| {
        wanted.is_empty()
            || wanted.contains(&"running") && is_running(instance)
            || wanted.contains(&"staging") && is_staged(instance)
    };
    let instances = view.state.instances.values().flat_map(|all| all.values());
    let shown = instances.filter(|i| chosen(i)).map(|i| task_json(&view, i));
    Ok(reply::ok(json!({ "tasks": shown.collect::<Vec<Value>>() })))
}

pub fn of_app(office: &Office, asked: &Asked, app: &[&str]) -> Outcome {
    let id = app_id(app)?;
    let view = office.view();
    let app = view.state.apps.get(&id).ok_or_else(|| Problem::no_such_app(&id))?;
    if asked.wants_text() {
        return Ok(endpoints(&view, [app]));
    }
    let shown = view.state.of(&id).map(|i| task_json(&view, i));
    Ok(reply::ok(json!({ "tasks": shown.collect::<Vec<Value>>() })))
}

/// One line for each service port, for the old HAProxy bridge: app, port, and where it is served.
fn endpoints<'a>(view: &View, apps: impl IntoIterator<Item = &'a Arc<AppDefinition>>) -> Response {
    let mut text = String::new();
    for app in apps {
        let running: Vec<&Arc<Instance>> =
            view.state.of(&app.id).filter(|i| is_running(i)).collect();
        let name = app.id.safe_path();
        if app.port_definitions.is_empty() {
            let hosts: String = running.iter().map(|i| format!("{}\t", i.host)).collect();
            let _ = writeln!(text, "{name}\t \t{hosts}");
        }
        for (index, definition) in app.port_definitions.iter().enumerate() {
            let places = running.iter().filter_map(|i| Some((&i.host, i.ports.get(index)?)));
            let places: String = places.map(|(host, port)| format!("{host}:{port}\t")).collect();
            let _ = writeln!(text, "{name}\t{}\t{places}", definition.port);
        }
    }
    reply::text(text)
}

pub async fn kill_all(office: &Office, asked: &Asked, app: &[&str]) -> Outcome {
    let host = asked.param("host").map(str::to_owned);
    let scope = KillScope::App { app: app_id(app)?, host };
    kill(office, asked, scope).await
}

pub async fn kill_one(office: &Office, asked: &Asked, app: &[&str], task: &str) -> Outcome {
    let id = app_id(app)?;
    let view = office.view();
    if !view.state.apps.contains_key(&id) {
        return Err(Problem::no_such_app(&id));
    }
    let known = known(&view, task).filter(|instance| instance.app == id);
    let Some(instance) = known else {
        return Err(Problem::not_found(format!("Task '{task}' does not exist")));
    };
    let scope = KillScope::Tasks(vec![instance.id.task_id()]);
    let scale = asked.flag("scale", false);
    let response = kill(office, asked, scope).await?;
    Ok(if scale { response } else { reply::ok(json!({ "task": task_json(&view, &instance) })) })
}

pub async fn kill_by_id(office: &Office, asked: Asked) -> Outcome {
    let body = asked.json()?;
    let ids: Option<Vec<String>> =
        body["ids"].as_array().and_then(|l| l.iter().map(|v| v.as_str().map(Into::into)).collect());
    let Some(ids) = ids else {
        return Err(Problems::one("/ids", "error.expected.jsarray").into());
    };
    if let Some(bad) = ids.iter().find(|id| InstanceId::of_task(id).is_none()) {
        let message = format!("Invalid task id '{bad}'.");
        return Err(Problem::new(StatusCode::BAD_REQUEST, message));
    }
    kill(office, &asked, KillScope::Tasks(ids)).await
}

async fn kill(office: &Office, asked: &Asked, scope: KillScope) -> Outcome {
    let scale = asked.flag("scale", false);
    if scale && asked.flag("wipe", false) {
        let message = "You cannot use scale and wipe at the same time.";
        return Err(Problem::new(StatusCode::BAD_REQUEST, message));
    }
    let view = office.view();
    let command = Command::Kill { scope, scale, force: asked.flag("force", false) };
    match office.order(command).await? {
        Answer::Killing(instances) => {
            let shown: Vec<Value> = instances.iter().map(|i| task_json(&view, i)).collect();
            Ok(reply::ok(json!({ "tasks": shown })))
        }
        answer @ Answer::Deploying { .. } => deploying(answer),
        _ => Err(unexpected()),
    }
}

fn known(view: &View, task: &str) -> Option<Arc<Instance>> {
    let (id, app): (InstanceId, AppId) = InstanceId::of_task(task)?;
    view.state.instance(&app, &id).cloned()
}
