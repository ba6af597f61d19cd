use super::app_json::{is_running, is_staged};
use super::reply;
use super::role::Role;
use axum::response::Response;
use serde_json::{Map, Value, json};

/// `GET /metrics`, in the shape and with the names of Marathon's new metrics.
pub fn show(role: &Role) -> Response {
    let mut gauges = Map::new();
    if let Role::Leading(office) = role {
        let view = office.view();
        let all = || view.state.instances.values().flat_map(|all| all.values());
        let mut gauge = |name: &str, value: usize| {
            gauges.insert(name.to_owned(), json!({ "value": value }));
        };
        gauge("marathon.apps.active.gauge", view.state.apps.len());
        gauge("marathon.deployments.active.gauge", view.state.deployments.len());
        gauge("marathon.instances.running.gauge", all().filter(|i| is_running(i)).count());
        gauge("marathon.instances.staged.gauge", all().filter(|i| is_staged(i)).count());
    }
    let none = || Value::Object(Map::new());
    reply::ok(json!({
        "version": "4.0.0",
        "gauges": gauges,
        "counters": none(),
        "histograms": none(),
        "meters": none(),
        "timers": none(),
    }))
}
