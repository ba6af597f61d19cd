use super::app_json::{Embed, app_json};
use super::asked::{Asked, app_id};
use super::labels::Selector;
use super::reply::{self, Outcome, Problem};
use super::role::Office;
use crate::core::{Answer, Change, Command, View};
use crate::model::{AppDefinition, AppId, AppUpdate, Problems};
use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde_json::{Value, json};

pub fn list(office: &Office, asked: &Asked) -> Outcome {
    let view = office.view();
    let selector = asked.param("label").map(Selector::parse).transpose()?;
    let contains = |text: &str, part: &str| text.to_lowercase().contains(&part.to_lowercase());
    let chosen = |app: &AppDefinition| {
        let cmd = app.cmd.as_deref().unwrap_or_default();
        asked.param("cmd").is_none_or(|part| contains(cmd, part))
            && asked.param("id").is_none_or(|part| contains(app.id.as_str(), part))
            && selector.as_ref().is_none_or(|selector| selector.matches(&app.labels))
    };
    let apps = show_all(&view, Embed::of(asked), chosen);
    Ok(reply::ok(json!({ "apps": apps })))
}

pub fn of_group(office: &Office, group: &[&str]) -> Response {
    let group = format!("/{}", group.join("/"));
    let apps = show_all(&office.view(), Embed::ALL, |app| app.id.is_within(&group));
    reply::ok(json!({ "*": apps }))
}

fn show_all(view: &View, embed: Embed, chosen: impl Fn(&AppDefinition) -> bool) -> Vec<Value> {
    let apps = view.state.apps.values().filter(|app| chosen(app));
    apps.map(|app| app_json(view, app, embed)).collect()
}

pub fn show(office: &Office, app: &[&str]) -> Outcome {
    let id = app_id(app)?;
    let view = office.view();
    let app = view.state.apps.get(&id).ok_or_else(|| Problem::no_such_app(&id))?;
    Ok(reply::ok(json!({ "app": app_json(&view, app, Embed::ALL) })))
}

pub async fn create(office: &Office, asked: Asked) -> Outcome {
    let change = named(&asked.json()?)?;
    // The version is the scheduler's to give.
    let change = Change { update: AppUpdate { version: None, ..change.update }, ..change };
    let change = Box::new(change);
    let command = Command::Create { change, force: asked.flag("force", false) };
    match office.order(command).await? {
        Answer::Created { app, deployment } => Ok(created(&app, &deployment)),
        _ => Err(unexpected()),
    }
}

fn created(app: &AppDefinition, deployment: &str) -> Response {
    let mut body = app.to_json();
    for count in ["tasksStaged", "tasksRunning", "tasksHealthy", "tasksUnhealthy"] {
        body[count] = 0.into();
    }
    body["deployments"] = json!([{ "id": deployment }]);
    let location = [(header::LOCATION, app.id.to_string())];
    let response = (StatusCode::CREATED, location, Json(body)).into_response();
    reply::with_deployment(response, deployment)
}

pub async fn update(office: &Office, asked: Asked, app: &[&str], may_create: bool) -> Outcome {
    let app = AppId::parse(&app.join("/")).map_err(|e| Problem::from(Problems::one("/id", e)))?;
    let update = AppUpdate::read(&asked.json()?)?;
    let location = app.to_string();
    let response = change(office, &asked, vec![Change { app, update }], may_create).await?;
    if response.status() != StatusCode::CREATED {
        return Ok(response);
    }
    Ok(([(header::LOCATION, location)], response).into_response())
}

pub async fn update_many(office: &Office, asked: Asked, may_create: bool) -> Outcome {
    let body = asked.json()?;
    let Some(list) = body.as_array() else {
        return Err(Problems::one("/", "error.expected.jsarray").into());
    };
    let changes = list.iter().map(named).collect::<Result<Vec<_>, _>>()?;
    let response = change(office, &asked, changes, may_create).await?;
    let (mut parts, body) = response.into_parts();
    // Only one app alone is answered with 201.
    parts.status = StatusCode::OK;
    Ok(Response::from_parts(parts, body))
}

async fn change(office: &Office, asked: &Asked, changes: Vec<Change>, may_create: bool) -> Outcome {
    let partial = asked.flag("partialUpdate", true) || !may_create;
    let force = asked.flag("force", false);
    let command = Command::Update { changes, partial, may_create, force };
    deploying(office.order(command).await?)
}

pub async fn delete(office: &Office, asked: &Asked, app: &[&str]) -> Outcome {
    let command = Command::Delete { app: app_id(app)?, force: asked.flag("force", true) };
    deploying(office.order(command).await?)
}

pub async fn restart(office: &Office, asked: &Asked, app: &[&str]) -> Outcome {
    let command = Command::Restart { app: app_id(app)?, force: asked.flag("force", false) };
    deploying(office.order(command).await?)
}

/// The answer to a change.
pub fn deploying(answer: Answer) -> Outcome {
    let Answer::Deploying { deployment, version, created } = answer else {
        return Err(unexpected());
    };
    let status = if created { StatusCode::CREATED } else { StatusCode::OK };
    Ok(reply::deployment(status, &deployment, version))
}

pub fn unexpected() -> Problem {
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the scheduler gave an answer of another kind")
}

/// An app that says its id.
fn named(value: &Value) -> Result<Change, Problem> {
    let update = AppUpdate::read(value)?;
    match update.id.clone() {
        Some(app) => Ok(Change { app, update }),
        None => Err(Problems::one("/id", "error.path.missing").into()),
    }
}
