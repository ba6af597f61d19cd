use super::front::Front;
use super::leader::leader;
use super::reply;
use super::role::Role;
use axum::response::Response;
use serde_json::json;

/// The version of Marathon whose API this is; clients look at it.
const API_VERSION: &str = "1.10.0";

pub fn show(front: &Front) -> Response {
    let role = front.role();
    let (elected, view) = match &role {
        Role::Leading(office) => (true, Some(office.view())),
        _ => (false, None),
    };
    let framework_id = view.as_ref().and_then(|v| v.state.framework_id.clone());
    let port = front.me.http.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
    let secure = front.scheme() == "https";
    reply::ok(json!({
        "name": "marathon",
        "version": API_VERSION,
        "buildref": concat!("mesoform-", env!("CARGO_PKG_VERSION")),
        "elected": elected,
        "leader": leader(front).map(|leader| leader.http),
        "frameworkId": framework_id,
        "marathon_config": {
            "framework_name": "marathon",
            "hostname": front.me.host,
            "ha": true,
            "checkpoint": true,
            "executor": "//cmd",
            "failover_timeout": front.failover_timeout,
            "features": [],
            "mesos_role": "*",
            "local_port_min": 10000,
            "local_port_max": 20000,
            "master": view.and_then(|v| v.master.clone()),
        },
        "zookeeper_config": {},
        "http_config": {
            "http_port": port.filter(|_| !secure),
            "https_port": port.filter(|_| secure),
        },
    }))
}
