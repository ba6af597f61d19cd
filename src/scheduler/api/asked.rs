use super::reply::Problem;
use crate::model::AppId;
use axum::extract::{Query, Request};
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, Uri};
use mesoform_http::Accept;
use percent_encoding::percent_decode_str;
use serde_json::Value;

/// A request, taken apart.
#[derive(Debug)]
pub struct Asked {
    pub method: Method,
    pub uri: Uri,
    pub headers: HeaderMap,
    /// The path's parts; doubled slashes and one at the end make no difference.
    pub path: Vec<String>,
    query: Vec<(String, String)>,
    pub body: Bytes,
}

impl Asked {
    /// Takes in a request and its whole body.
    pub async fn of(request: Request) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        // The door bounds it, and says so itself.
        let body = axum::body::to_bytes(body, usize::MAX).await.map_err(|error| {
            let message = format!("the body could not be read: {error}");
            Problem::new(StatusCode::BAD_REQUEST, message)
        })?;
        let decoded = percent_decode_str(parts.uri.path()).decode_utf8_lossy().into_owned();
        let path = decoded.split('/').filter(|p| !p.is_empty()).map(str::to_owned).collect();
        let query = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
        Ok(Self {
            method: parts.method,
            uri: parts.uri,
            headers: parts.headers,
            path,
            query: query.map(|q| q.0).unwrap_or_default(),
            body,
        })
    }

    /// The parts of the path, for patterns.
    pub fn parts(&self) -> Vec<&str> {
        self.path.iter().map(String::as_str).collect()
    }

    pub fn is_read(&self) -> bool {
        matches!(self.method, Method::GET | Method::HEAD)
    }

    /// The parameter `name`.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// All values of the parameters `name`.
    pub fn params<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.query.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A parameter that is `true`, however it is written (Python's clients write `True`), or stands
    /// alone.
    pub fn flag(&self, name: &str, default: bool) -> bool {
        let set = |value: &str| value.is_empty() || value.eq_ignore_ascii_case("true");
        self.param(name).map_or(default, set)
    }

    /// Whether text is wanted rather than JSON.
    pub fn wants_text(&self) -> bool {
        Accept::of(&self.headers).prefers("text/plain", "application/json")
    }

    /// The body as JSON.
    pub fn json(&self) -> Result<Value, Problem> {
        serde_json::from_slice(&self.body).map_err(|e| Problem::bad_json(&e))
    }
}

/// The app that some parts of a path name.
pub fn app_id(parts: &[&str]) -> Result<AppId, Problem> {
    // An impossible id is the id of no app.
    let path = parts.join("/");
    AppId::parse(&path).map_err(|_| Problem::not_found(format!("App '/{path}' does not exist")))
}
