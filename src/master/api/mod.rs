//! The HTTP APIs, under Mesos' paths: each endpoint as `/x` and `/master/x`, and both with
//! `.json` for older tools.

mod here;
pub mod scheduler;
mod status;
mod teardown;
mod views;

use crate::core::Core;
use crate::directory::{Directory, Port};
use axum::Router;
use axum::routing::{any, get, post};
use serde_json::Value;

type View = fn(&Core) -> Value;

/// The endpoints that show a part of the core.
const VIEWS: [(&str, View); 5] = [
    ("state", Core::state_json),
    ("state-summary", Core::state_summary_json),
    ("slaves", Core::slaves_json),
    ("frameworks", Core::frameworks_json),
    ("tasks", Core::tasks_json),
];

/// The routes of 5050.
pub fn router(directory: Directory) -> Router {
    let mut router = Router::new()
        .route("/mesoform/status", get(status::status))
        .route("/metrics/snapshot", get(here::metrics));
    for path in ["/version", "/master/version", "/version.json"] {
        router = router.route(path, get(here::version));
    }
    for path in ["/health", "/master/health"] {
        router = router.route(path, get(here::health));
    }
    for path in ["/redirect", "/master/redirect"] {
        router = router.route(path, any(here::redirect));
    }
    for path in ["/teardown", "/master/teardown"] {
        router = router.route(path, post(teardown::teardown));
    }
    for (name, view) in VIEWS {
        for path in [format!("/{name}"), format!("/master/{name}")] {
            let show = get(move |directory, uri| views::show(directory, uri, view));
            router = router.route(&format!("{path}.json"), show.clone()).route(&path, show);
        }
    }
    let scheduler = scheduler::router(directory.clone(), Port::Open);
    router.with_state(directory).merge(scheduler)
}
