use crate::core::Core;
use crate::directory::{Directory, Route};
use crate::reply::{redirect, text};
use axum::Json;
use axum::extract::{OriginalUri, State};
use axum::response::{IntoResponse, Response};
use http::{StatusCode, Uri};
use serde_json::Value;

/// A view of the leading master's core.
pub async fn show(
    State(directory): State<Directory>,
    OriginalUri(uri): OriginalUri,
    view: fn(&Core) -> Value,
) -> Response {
    let engine = match directory.route() {
        Route::Here(engine) => engine,
        other => return elsewhere(&other, &uri),
    };
    match engine.view(view).await {
        Ok(json) => Json(json).into_response(),
        Err(failure) => text(StatusCode::SERVICE_UNAVAILABLE, failure.to_string()),
    }
}

/// The answer of a master that does not lead: Mesos' `//host:port/path`, whatever the scheme.
pub fn elsewhere(route: &Route, uri: &Uri) -> Response {
    match route {
        Route::There(leader) => {
            let path = uri.path_and_query().map_or("", |path| path.as_str());
            redirect(&format!("//{}{path}", leader.candidate.http))
        }
        _ => text(StatusCode::SERVICE_UNAVAILABLE, "No leader elected"),
    }
}
