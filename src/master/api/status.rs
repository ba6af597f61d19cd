use crate::consensus::Leader;
use crate::core::{AgentSummary, FrameworkSummary};
use crate::directory::{Directory, Route};
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::{Value, json};

/// `/mesoform/status`: how this master stands, for `mesoform status`.
#[derive(Debug, Default, Serialize)]
pub struct Status {
    leading: bool,
    leadership: Option<i64>,
    /// `{revision, host, http, agents}` of the leading master.
    leader: Option<Value>,
    /// Empty where this master does not lead.
    agents: Vec<AgentSummary>,
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
    let view = engine.view(|core| (core.agent_summaries(), core.framework_summaries())).await;
    let Ok((agents, frameworks)) = view else { return Json(Status::default()) };
    let (revision, candidate) = (engine.leadership(), directory.us.clone());
    let leading = Status {
        leading: true,
        leadership: Some(revision),
        leader: Some(json!(Leader { revision, candidate })),
        agents,
        frameworks,
    };
    Json(leading)
}
