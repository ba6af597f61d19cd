use crate::core::Refusal;
use crate::engine::Failure;
use crate::model::{AppId, Moment, Problems};
use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::{Value, json};

pub const DEPLOYMENT_ID: HeaderName = HeaderName::from_static("marathon-deployment-id");

/// Why a request was not served: a code, and a body in Marathon's shape.
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    body: Value,
    /// The methods that would do.
    allow: Option<&'static str>,
}

/// What a handler returns.
pub type Outcome = Result<Response, Problem>;

impl Problem {
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self::with_body(status, json!({ "message": message.into() }))
    }

    fn with_body(status: StatusCode, body: Value) -> Self {
        Self { status, body, allow: None }
    }

    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }

    pub fn no_such_app(app: &AppId) -> Self {
        Self::not_found(format!("App '{app}' does not exist"))
    }

    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, message)
    }

    pub fn no_such_route() -> Self {
        Self::not_found("URI not found")
    }

    /// Not with this method, but with one of `allow`.
    pub fn method(allow: &'static str) -> Self {
        let problem = Self::new(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed");
        Self { allow: Some(allow), ..problem }
    }

    pub fn bad_json(cause: &serde_json::Error) -> Self {
        let body = json!({ "message": "Invalid JSON", "details": cause.to_string() });
        Self::with_body(StatusCode::BAD_REQUEST, body)
    }
}

impl From<Problems> for Problem {
    fn from(problems: Problems) -> Self {
        Self::with_body(StatusCode::UNPROCESSABLE_ENTITY, problems.to_json())
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let message = refusal.to_string();
        match refusal {
            Refusal::Invalid(problems) => problems.into(),
            Refusal::Locked(ids) => {
                let ids: Vec<Value> = ids.into_iter().map(|id| json!({ "id": id })).collect();
                let body = json!({ "message": message, "deployments": ids });
                Self::with_body(StatusCode::CONFLICT, body)
            }
            Refusal::Exists(_) => Self::new(StatusCode::CONFLICT, message),
            Refusal::TooMany { .. } => Self::new(StatusCode::UNPROCESSABLE_ENTITY, message),
            Refusal::NoSuchApp(_)
            | Refusal::NoSuchVersion(..)
            | Refusal::NoSuchDeployment(_)
            | Refusal::NotQueued(_) => Self::not_found(message),
        }
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(refusal) => refusal.into(),
            other => Self::unavailable(other.to_string()),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let allow = self.allow.map(|methods| [(header::ALLOW, methods)]);
        (self.status, allow, Json(self.body)).into_response()
    }
}

/// 200: what may be asked here.
pub fn options(allow: &'static str) -> Response {
    [(header::ALLOW, allow)].into_response()
}

/// 200 with JSON.
pub fn ok(body: Value) -> Response {
    Json(body).into_response()
}

/// 200 with text.
pub fn text(body: String) -> Response {
    ([(header::CONTENT_TYPE, "text/plain")], body).into_response()
}

/// The answer to a change: which deployment carries it out.
pub fn deployment(status: StatusCode, id: &str, version: Moment) -> Response {
    let body = Json(json!({ "version": version, "deploymentId": id }));
    with_deployment((status, body).into_response(), id)
}

/// Names the deployment in the header, too.
pub fn with_deployment(mut response: Response, id: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(id) {
        response.headers_mut().insert(DEPLOYMENT_ID, value);
    }
    response
}
