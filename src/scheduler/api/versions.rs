use super::asked::app_id;
use super::reply::{self, Outcome, Problem};
use super::role::Office;
use crate::core::Refusal;
use crate::model::Moment;
use serde_json::json;

pub fn list(office: &Office, app: &[&str]) -> Outcome {
    let id = app_id(app)?;
    let view = office.view();
    let versions = view.state.versions.get(&id).ok_or_else(|| Problem::no_such_app(&id))?;
    let newest_first: Vec<&Moment> = versions.keys().rev().collect();
    Ok(reply::ok(json!({ "versions": newest_first })))
}

pub fn show(office: &Office, app: &[&str], version: &str) -> Outcome {
    let id = app_id(app)?;
    let view = office.view();
    let versions = view.state.versions.get(&id).ok_or_else(|| Problem::no_such_app(&id))?;
    let moment: Moment = version
        .parse()
        .map_err(|_| Problem::not_found(format!("'{version}' is not a version of an app")))?;
    let app = versions.get(&moment).ok_or(Refusal::NoSuchVersion(id, moment))?;
    Ok(reply::ok(app.to_json()))
}
