//! What every master answers for itself.

use crate::directory::{Directory, Port, Route};
use crate::reply::{redirect as to, text};
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// It lives.
pub async fn health() -> StatusCode {
    StatusCode::OK
}

pub async fn version() -> Json<Value> {
    Json(json!({ "version": env!("CARGO_PKG_VERSION"), "name": "mesoform" }))
}

/// 307 to the leading master, also from itself.
pub async fn redirect(State(directory): State<Directory>) -> Response {
    let leader = match directory.route() {
        Route::Here(_) => directory.us.clone(),
        Route::There(leader) => leader.candidate,
        Route::Nowhere => return text(StatusCode::SERVICE_UNAVAILABLE, "No leader elected"),
    };
    to(&Port::Open.of(&leader))
}

pub async fn metrics(State(directory): State<Directory>) -> Json<BTreeMap<String, f64>> {
    let mut numbers = BTreeMap::from([("master/elected".to_owned(), 0.0)]);
    if let Route::Here(engine) = directory.route()
        && let Ok(leading) = engine.view(crate::core::Core::metrics).await
    {
        numbers = leading;
    }
    numbers.insert("master/uptime_secs".to_owned(), directory.started.elapsed().as_secs_f64());
    Json(numbers)
}
