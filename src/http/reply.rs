use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

/// An answer in the form of all our errors: `{"message": "…"}`.
pub fn error_reply(status: StatusCode, message: impl AsRef<str>) -> Response {
    (status, axum::Json(serde_json::json!({ "message": message.as_ref() }))).into_response()
}

/// 401, asking for Basic credentials.
pub(crate) fn ask_for_credentials() -> Response {
    let mut reply = error_reply(
        StatusCode::UNAUTHORIZED,
        "this API asks for Basic credentials or a certificate of this cluster",
    );
    let challenge = HeaderValue::from_static("Basic realm=\"mesoform\"");
    reply.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    reply
}
