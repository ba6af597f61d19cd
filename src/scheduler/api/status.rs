use super::app_json::{is_running, is_staged};
use super::front::Front;
use super::leader::leader;
use super::reply;
use super::role::Role;
use crate::core::View;
use axum::response::Response;
use serde_json::{Value, json};

/// `GET /mesoform/status`, for `mesoform status`.
pub fn show(front: &Front) -> Response {
    let mut body = json!({
        "cluster": front.cluster,
        "host": front.me.host,
        "leading": false,
        "leader": leader(front),
        "framework_id": null,
        "connected_master": null,
        "apps": null,
        "instances": null,
        "deployments": null,
    });
    if let Role::Leading(office) = front.role() {
        let view = office.view();
        body["leading"] = true.into();
        body["framework_id"] = view.state.framework_id.clone().into();
        body["connected_master"] = view.master.clone().into();
        body["apps"] = view.state.apps.len().into();
        body["instances"] = instances(&view);
        body["deployments"] = view.state.deployments.len().into();
    }
    reply::ok(body)
}

fn instances(view: &View) -> Value {
    let all = || view.state.instances.values().flat_map(|all| all.values());
    let wanted: u64 = view.state.apps.values().map(|app| u64::from(app.instances)).sum();
    json!({
        "wanted": wanted,
        "running": all().filter(|i| is_running(i)).count(),
        "staged": all().filter(|i| is_staged(i)).count(),
        "total": all().count(),
        "queued": view.queue.iter().map(|item| item.count).sum::<usize>(),
    })
}
