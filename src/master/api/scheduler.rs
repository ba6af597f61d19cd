//! `POST /api/v1/scheduler`. The order of the checks and their words are Mesos' own.

use crate::core::{Core, LinkId, Refusal};
use crate::directory::{Directory, Port, Route};
use crate::engine::{EngineHandle, Failure};
use crate::reply::{Step, elsewhere, text};
use axum::body::{Body, Bytes};
use axum::extract::{OriginalUri, State};
use axum::response::Response;
use axum::routing::post;
use axum::{Extension, Router};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use mesoform_http::Caller;
use mesoform_identity::Role;
use mesoform_mesos::FrameworkId;
use mesoform_mesos::client::{SCHEDULER_PATH, STREAM_ID};
use mesoform_mesos::scheduler::{Call, CallBody, Subscribe};
use serde_json::error::Category;
use uuid::Uuid;

/// Bytes of events that may wait for a framework.
const MAX_WAITING: usize = 64 << 20;

/// The scheduler API on `port`: redirects lead to the same port of the leading master.
pub fn router(directory: Directory, port: Port) -> Router {
    let call = post(scheduler).with_state((directory, port));
    let router = Router::new().route(SCHEDULER_PATH, call.clone());
    router.route(&format!("/master{SCHEDULER_PATH}"), call)
}

async fn scheduler(
    State((directory, port)): State<(Directory, Port)>,
    OriginalUri(uri): OriginalUri,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let engine = match directory.route() {
        Route::Here(engine) => engine,
        other => return elsewhere(&other, port, &uri),
    };
    let checked = check_caller(&caller).and_then(|()| check_type(&headers));
    let call = match checked.and_then(|()| parse(&body)) {
        Ok(call) => call,
        Err(reply) => return *reply,
    };
    match call.body {
        CallBody::Subscribe(body) => subscribe(&engine, &headers, call.framework_id, *body).await,
        body => other_call(&engine, &headers, call.framework_id, body).await,
    }
}

/// A stolen agent's certificate must not run tasks on other hosts.
fn check_caller(caller: &Caller) -> Step<()> {
    match caller {
        Caller::Peer(peer) if !matches!(peer.role, Role::Scheduler | Role::Operator) => {
            let words = format!("the role {} may not be a framework", peer.role);
            Err(text(StatusCode::FORBIDDEN, words).into())
        }
        _ => Ok(()),
    }
}

fn check_type(headers: &HeaderMap) -> Step<()> {
    let Some(kind) = headers.get(header::CONTENT_TYPE) else {
        let words = "Expecting 'Content-Type' to be present";
        return Err(text(StatusCode::BAD_REQUEST, words).into());
    };
    if media_types(kind).any(|kind| kind == "application/json") {
        return Ok(());
    }
    let words = "Expecting 'Content-Type' of application/json";
    Err(text(StatusCode::UNSUPPORTED_MEDIA_TYPE, words).into())
}

fn media_types(value: &HeaderValue) -> impl Iterator<Item = &str> {
    let value = value.to_str().unwrap_or("");
    value.split(',').map(|kind| kind.split(';').next().unwrap_or("").trim())
}

fn parse(body: &[u8]) -> Step<Call> {
    serde_json::from_slice(body).map_err(|error| {
        let words = match error.classify() {
            Category::Data => format!("Failed to validate scheduler::Call: {error}"),
            _ => format!("Failed to parse body into JSON: {error}"),
        };
        text(StatusCode::BAD_REQUEST, words).into()
    })
}

async fn subscribe(
    engine: &EngineHandle,
    headers: &HeaderMap,
    id: Option<FrameworkId>,
    subscribe: Subscribe,
) -> Response {
    if headers.contains_key(STREAM_ID) {
        let words = "Subscribe calls should not include the 'Mesos-Stream-Id' header";
        return text(StatusCode::BAD_REQUEST, words);
    }
    if !accepts_json(headers) {
        let words = "Expecting 'Accept' to allow application/json";
        return text(StatusCode::NOT_ACCEPTABLE, words);
    }
    let stream_id = Uuid::new_v4();
    let link = LinkId(stream_id.as_u128());
    let act = move |core: &mut Core, now| core.framework_subscribes(link, id, subscribe, now);
    match engine.open(link, MAX_WAITING, act).await {
        Ok(stream) => events(Body::from_stream(stream), &stream_id),
        Err(failure) => refuse(&failure),
    }
}

fn accepts_json(headers: &HeaderMap) -> bool {
    let mut accepted = headers.get_all(header::ACCEPT).iter().flat_map(media_types).peekable();
    accepted.peek().is_none()
        || accepted.any(|kind| matches!(kind, "application/json" | "application/*" | "*/*"))
}

fn events(body: Body, stream_id: &Uuid) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Ok(id) = HeaderValue::from_str(&stream_id.to_string()) {
        headers.insert(STREAM_ID, id);
    }
    response
}

async fn other_call(
    engine: &EngineHandle,
    headers: &HeaderMap,
    id: Option<FrameworkId>,
    body: CallBody,
) -> Response {
    // One that is no UUID is that of no stream: 0 is never given.
    let stream = headers.get(STREAM_ID).map(|value| {
        let id = value.to_str().ok().and_then(|id| Uuid::parse_str(id).ok());
        LinkId(id.map_or(0, |id| id.as_u128()))
    });
    match engine.act(move |core, now| core.call(id, stream, body, now)).await {
        Ok(()) => text(StatusCode::ACCEPTED, ""),
        Err(failure) => refuse(&failure),
    }
}

fn refuse(failure: &Failure) -> Response {
    let status = match failure {
        Failure::Over => StatusCode::SERVICE_UNAVAILABLE,
        Failure::Refused(Refusal::NotSubscribed) => StatusCode::FORBIDDEN,
        Failure::Refused(_) => StatusCode::BAD_REQUEST,
    };
    text(status, failure.to_string())
}
