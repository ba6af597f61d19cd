//! The agent's HTTP API (5051): health, what runs here, and the files of sandboxes.
//!
//! Paths and shapes as in Mesos, each also under `/slave(1)` and with `.json` where old tools ask so;
//! `/mesoform/status` is ours.

mod browse;
mod files;
mod sandbox;
mod state;
mod status;

use crate::link::LinkState;
use crate::shell::{Event, View};
use crate::store::Places;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use http::StatusCode;
use mesoform_http::error_reply;
use mesoform_mesos::AgentInfo;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::{mpsc, oneshot, watch};

/// How long the agent's loop may take to answer.
const LIMIT: Duration = Duration::from_secs(5);

/// What the handlers know.
#[derive(Clone)]
pub struct Api {
    pub events: mpsc::Sender<Event>,
    pub info: AgentInfo,
    pub link: watch::Receiver<LinkState>,
    pub places: Places,
    pub started: SystemTime,
}

/// All paths.
pub fn router(api: Api) -> Router {
    let mut router = Router::new()
        .route("/health", get(healthy))
        .route("/slave(1)/health", get(healthy))
        .route("/mesoform/status", get(status));
    for path in ["/state", "/state.json", "/slave(1)/state", "/slave(1)/state.json"] {
        router = router.route(path, get(state));
    }
    for suffix in ["", ".json"] {
        router = router
            .route(&format!("/files/browse{suffix}"), get(browse::handle))
            .route(&format!("/files/read{suffix}"), get(files::read))
            .route(&format!("/files/download{suffix}"), get(files::download));
    }
    router.with_state(Arc::new(api))
}

impl Api {
    async fn view(&self) -> Result<View, Response> {
        let ask = async {
            let (reply, view) = oneshot::channel();
            self.events.send(Event::View(reply)).await.ok()?;
            view.await.ok()
        };
        let view = tokio::time::timeout(LIMIT, ask).await.ok().flatten();
        view.ok_or_else(|| {
            let words = "the agent is busy writing to its disk, or ends; ask again";
            error_reply(StatusCode::SERVICE_UNAVAILABLE, words)
        })
    }
}

async fn healthy() -> StatusCode {
    StatusCode::OK
}

async fn state(State(api): State<Arc<Api>>) -> Response {
    match api.view().await {
        Ok(view) => axum::Json(state::of(&view, &api)).into_response(),
        Err(response) => response,
    }
}

async fn status(State(api): State<Arc<Api>>) -> Response {
    match api.view().await {
        Ok(view) => axum::Json(status::of(&view, &api)).into_response(),
        Err(response) => response,
    }
}
