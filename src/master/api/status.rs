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
    let leader = directory.leader().map(|leader| json!(leader));
    let standby = Status { leader, ..Status::default() };
    let Route::Here(engine) = directory.route() else { return Json(standby) };
    let view = engine.view(|core| (core.agent_summaries(), core.framework_summaries())).await;
    let Ok((agents, frameworks)) = view else { return Json(standby) };
    let leading = Status {
        leading: true,
        leadership: Some(engine.leadership()),
        agents,
        frameworks,
        ..standby
    };
    Json(leading)
}
