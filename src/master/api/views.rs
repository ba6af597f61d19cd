use crate::core::Core;
use crate::directory::{Directory, Port, Route};
use crate::reply::{elsewhere, text};
use axum::Json;
use axum::extract::{OriginalUri, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::Value;

/// A view of the leading master's core.
pub async fn show(
    State(directory): State<Directory>,
    OriginalUri(uri): OriginalUri,
    view: fn(&Core) -> Value,
) -> Response {
    let engine = match directory.route() {
        Route::Here(engine) => engine,
        other => return elsewhere(&other, Port::Open, &uri),
    };
    match engine.view(view).await {
        Ok(json) => Json(json).into_response(),
        Err(failure) => text(StatusCode::SERVICE_UNAVAILABLE, failure.to_string()),
    }
}
