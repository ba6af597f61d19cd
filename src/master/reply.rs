use crate::directory::{Port, Route};
use axum::response::{IntoResponse, Response};
use http::{StatusCode, Uri, header};

/// A step of a handler: what it found, or the answer that ends the matter.
pub type Step<T> = Result<T, Box<Response>>;

/// A plain text answer, as Mesos gives them.
pub fn text(status: StatusCode, words: impl Into<String>) -> Response {
    let words: String = words.into();
    if words.is_empty() {
        return status.into_response();
    }
    (status, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], words).into_response()
}

/// 307: the leading master is there.
pub fn redirect(location: &str) -> Response {
    (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, location)]).into_response()
}

/// The answer of a master that does not lead, on its port `port`: the same path at the one that does.
pub fn elsewhere(route: &Route, port: Port, uri: &Uri) -> Response {
    match route {
        Route::There(leader) => {
            let path = uri.path_and_query().map_or("", |path| path.as_str());
            redirect(&format!("{}{path}", port.of(&leader.candidate)))
        }
        _ => text(StatusCode::SERVICE_UNAVAILABLE, "No leader elected"),
    }
}
