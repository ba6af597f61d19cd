use crate::api::Api;
use crate::leadership::Leader;
use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// As etcd's.
const PATIENCE: Duration = Duration::from_secs(1);

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Wish {
    /// Only whether this voter itself can be read.
    serializable: bool,
}

/// As etcd 3.5 says it: `"true"` or `"false"` in quotes.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Health {
    health: &'static str,
    reason: String,
}

/// Whether this voter knows a leader, and can make a linearizable read.
pub async fn health(State(api): State<Api>, Query(wish): Query<Wish>) -> Response {
    match ailment(&api, &wish).await {
        None => Json(Health { health: "true", reason: String::new() }).into_response(),
        Some(reason) => {
            let health = Json(Health { health: "false", reason });
            (StatusCode::SERVICE_UNAVAILABLE, health).into_response()
        }
    }
}

async fn ailment(api: &Api, wish: &Wish) -> Option<String> {
    if wish.serializable {
        return api.state.read().err().map(|error| format!("RANGE ERROR:{error}"));
    }
    if api.leadership.now() == Leader::None {
        return Some("RAFT NO LEADER".to_owned());
    }
    match tokio::time::timeout(PATIENCE, api.read_index.wait()).await {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(format!("RANGE ERROR:{error}")),
        Err(_) => Some("RANGE ERROR:timed out".to_owned()),
    }
}
