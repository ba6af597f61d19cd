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
use mesoform_http::{Accept, Caller};
use mesoform_identity::Role;
use mesoform_mesos::FrameworkId;
use mesoform_mesos::client::{SCHEDULER_PATH, STREAM_ID};
use mesoform_mesos::scheduler::{Call, CallBody, Subscribe};
use serde_json::error::Category;
use uuid::Uuid;

/// The only form of calls and events so far.
const JSON: &str = "application/json";
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

fn check_caller(caller: &Caller) -> Step<()> {
    let checked = caller.must_not_be_other_than(&[Role::Scheduler, Role::Operator]);
    checked.map_err(|words| text(StatusCode::FORBIDDEN, words).into())
}

fn check_type(headers: &HeaderMap) -> Step<()> {
    let Some(kind) = headers.get(header::CONTENT_TYPE) else {
        let words = "Expecting 'Content-Type' to be present";
        return Err(text(StatusCode::BAD_REQUEST, words).into());
    };
    let kind = kind.to_str().unwrap_or("").split(';').next().unwrap_or("").trim();
    if kind.eq_ignore_ascii_case(JSON) {
        return Ok(());
    }
    let words = "Expecting 'Content-Type' of application/json";
    Err(text(StatusCode::UNSUPPORTED_MEDIA_TYPE, words).into())
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
    if !Accept::of(headers).allows(JSON) {
        let words = "Expecting 'Accept' to allow application/json";
        return text(StatusCode::NOT_ACCEPTABLE, words);
    }
    if headers.contains_key(STREAM_ID) {
        let words = "Subscribe calls should not include the 'Mesos-Stream-Id' header";
        return text(StatusCode::BAD_REQUEST, words);
    }
    let stream_id = Uuid::new_v4();
    let link = LinkId(stream_id.as_u128());
    let act = move |core: &mut Core, now| core.framework_subscribes(link, id, subscribe, now);
    match engine.open(link, MAX_WAITING, act).await {
        Ok(stream) => events(Body::from_stream(stream), &stream_id),
        Err(failure) => refuse(&failure),
    }
}

fn events(body: Body, stream_id: &Uuid) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(JSON));
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
