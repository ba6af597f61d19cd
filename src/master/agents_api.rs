//! The agents' side of 5055: `mesoform_mesos::agent_protocol`.

use crate::core::{Core, Effect, LinkId, Now, Refusal};
use crate::directory::{Directory, Port, Route};
use crate::engine::{EngineHandle, Failure};
use crate::reply::{Step, redirect, text};
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use axum::{Extension, Json, Router};
use http::StatusCode;
use mesoform_http::Caller;
use mesoform_mesos::agent_protocol::{
    Fenced, PONG_PATH, PROTOCOL, Pong, REPORT_PATH, Report, SUBSCRIBE_PATH, Subscribe,
};

/// Bytes of orders that may wait for an agent.
const MAX_WAITING: usize = 16 << 20;

/// The agents' routes.
pub fn router(directory: Directory) -> Router {
    Router::new()
        .route(SUBSCRIBE_PATH, post(subscribe))
        .route(REPORT_PATH, post(report))
        .route(PONG_PATH, post(pong))
        .with_state(directory)
}

async fn subscribe(
    State(directory): State<Directory>,
    Extension(caller): Extension<Caller>,
    Json(subscribe): Json<Subscribe>,
) -> Response {
    let engine = match leader(&directory, SUBSCRIBE_PATH) {
        Ok(engine) => engine,
        Err(reply) => return *reply,
    };
    if let Err(reply) = check(&directory, &caller, &subscribe) {
        return *reply;
    }
    let link = LinkId(uuid::Uuid::new_v4().as_u128());
    let act = move |core: &mut Core, now| core.agent_subscribes(link, subscribe, now);
    match engine.open(link, MAX_WAITING, act).await {
        Ok(stream) => Response::new(Body::from_stream(stream)),
        Err(failure) => refuse(&failure),
    }
}

async fn report(
    State(directory): State<Directory>,
    Extension(caller): Extension<Caller>,
    Json(report): Json<Report>,
) -> Response {
    let host = host(&caller);
    act(&directory, REPORT_PATH, move |core, now| core.report(&host, report, now)).await
}

async fn pong(
    State(directory): State<Directory>,
    Extension(caller): Extension<Caller>,
    Json(pong): Json<Pong>,
) -> Response {
    let host = host(&caller);
    act(&directory, PONG_PATH, move |core, now| core.pong(&host, &pong, now)).await
}

async fn act<F>(directory: &Directory, path: &str, act: F) -> Response
where
    F: FnOnce(&mut Core, Now) -> Result<Vec<Effect>, Refusal> + Send + 'static,
{
    let engine = match leader(directory, path) {
        Ok(engine) => engine,
        Err(reply) => return *reply,
    };
    match engine.act(act).await {
        Ok(()) => text(StatusCode::ACCEPTED, ""),
        Err(failure) => refuse(&failure),
    }
}

fn leader(directory: &Directory, path: &str) -> Step<EngineHandle> {
    match directory.route() {
        Route::Here(engine) => Ok(engine),
        Route::There(leader) => {
            Err(redirect(&format!("{}{path}", Port::Mutual.of(&leader.candidate))).into())
        }
        Route::Nowhere => Err(text(StatusCode::SERVICE_UNAVAILABLE, "no master leads now").into()),
    }
}

fn check(directory: &Directory, caller: &Caller, subscribe: &Subscribe) -> Step<()> {
    let Caller::Peer(peer) = caller else {
        return Err(text(StatusCode::FORBIDDEN, "agents come with a certificate").into());
    };
    if peer.cluster != directory.cluster {
        let words = format!("this is cluster '{}', not '{}'", directory.cluster, peer.cluster);
        return Err(text(StatusCode::CONFLICT, words).into());
    }
    if peer.host != subscribe.info.hostname {
        let (host, hostname) = (peer.host.clone(), subscribe.info.hostname.clone());
        return Err(refuse(&Failure::Refused(Refusal::OtherHost { host, hostname })).into());
    }
    if subscribe.protocol != PROTOCOL {
        let theirs = subscribe.protocol;
        let words = format!("this master speaks protocol {PROTOCOL}, the agent {theirs}");
        return Err(text(StatusCode::BAD_REQUEST, words).into());
    }
    Ok(())
}

fn host(caller: &Caller) -> String {
    match caller {
        Caller::Peer(peer) => peer.host.clone(),
        Caller::User(_) | Caller::Anonymous => String::new(),
    }
}

fn refuse(failure: &Failure) -> Response {
    if let Failure::Refused(Refusal::Fenced { seen, leadership }) = *failure {
        let body = Fenced { message: failure.to_string(), seen, leadership };
        return (StatusCode::CONFLICT, Json(body)).into_response();
    }
    let status = match failure {
        Failure::Over | Failure::Refused(Refusal::AgentLeaves(_)) => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        Failure::Refused(Refusal::HostTaken { .. }) => StatusCode::CONFLICT,
        Failure::Refused(Refusal::Resources(_) | Refusal::BadAgentId) => StatusCode::BAD_REQUEST,
        Failure::Refused(_) => StatusCode::FORBIDDEN,
    };
    text(status, failure.to_string())
}
