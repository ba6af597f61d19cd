use crate::consensus::Leader;
use crate::core::{AgentSummary, Core, FencedSummary, FrameworkSummary};
use crate::directory::{Directory, Route};
use axum::Json;
use axum::extract::State;
use mesoform_mesos::agent_protocol::QuorumId;
use serde::Serialize;
use serde_json::{Value, json};

/// `/mesoform/status`: how this master stands, for `mesoform status`.
#[derive(Debug, Default, Serialize)]
pub struct Status {
    leading: bool,
    leadership: Option<i64>,
    /// The quorum that the leadership is of.
    quorum: Option<QuorumId>,
    /// `{revision, host, http, agents}` of the leading master.
    leader: Option<Value>,
    /// Empty where this master does not lead.
    agents: Vec<AgentSummary>,
    /// Agents that obey other masters, and wait for their operator.
    fenced: Vec<FencedSummary>,
    frameworks: Vec<FrameworkSummary>,
}

pub async fn status(State(directory): State<Directory>) -> Json<Status> {
    let engine = match directory.route() {
        Route::Here(engine) => engine,
        Route::There(leader) => {
            return Json(Status { leader: Some(json!(leader)), ..Status::default() });
        }
        // The election may still show a leader that is no more: this one.
        Route::Nowhere => return Json(Status::default()),
    };
    let view = |core: &Core| Status {
        agents: core.agent_summaries(),
        fenced: core.fenced_summaries(),
        frameworks: core.framework_summaries(),
        ..Status::default()
    };
    let Ok(view) = engine.view(view).await else { return Json(Status::default()) };
    let (leadership, candidate) = (engine.leadership(), directory.us.clone());
    let revision = leadership.revision;
    Json(Status {
        leading: true,
        leadership: Some(revision),
        quorum: Some(leadership.quorum),
        leader: Some(json!(Leader { revision, candidate })),
        ..view
    })
}
