use super::reply::{self, Outcome, Problem};
use super::role::Office;
use crate::core::View;
use crate::model::{AppDefinition, Moment};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

pub fn show(office: &Office, group: &[&str]) -> Outcome {
    let view = office.view();
    let id = format!("/{}", group.join("/"));
    if !group.is_empty() && !view.state.apps.keys().any(|app| app.is_within(&id)) {
        return Err(Problem::not_found(format!("Group '{id}' does not exist")));
    }
    Ok(reply::ok(group_json(&view, group)))
}

/// A group, its apps, and the groups in it.
fn group_json(view: &View, path: &[&str]) -> Value {
    let id = format!("/{}", path.join("/"));
    let all = view.state.apps.values().filter(|app| path.is_empty() || app.id.is_within(&id));
    let (direct, deeper): (Vec<&Arc<AppDefinition>>, Vec<_>) =
        all.partition(|app| app.id.parts().count() == path.len() + 1);
    let names: BTreeSet<&str> =
        deeper.iter().filter_map(|app| app.id.parts().nth(path.len())).collect();
    let groups: Vec<Value> =
        names.into_iter().map(|name| group_json(view, &[path, &[name]].concat())).collect();
    let apps: Vec<Value> = direct.iter().map(|app| app.to_json()).collect();
    let version = direct.iter().chain(&deeper).map(|app| app.version).max();
    json!({
        "id": id,
        "apps": apps,
        "groups": groups,
        "pods": [],
        "dependencies": [],
        "version": version.unwrap_or(Moment::from_millis(0)),
    })
}
