use crate::api::Api;
use crate::leadership::Leader;
use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::time::Duration;

/// As etcd's.
const PATIENCE: Duration = Duration::from_secs(1);

/// As etcd 3.5 calls the alarm of a disk that is nearly full.
const NOSPACE: &str = "NOSPACE";

/// What stands behind the `?`; what is not known is passed over, as by etcd.
struct Wish(Vec<(String, String)>);

impl Wish {
    /// Only whether this voter itself can be read.
    fn serializable(&self) -> bool {
        self.has("serializable", "true")
    }

    fn has(&self, key: &str, value: &str) -> bool {
        self.0.iter().any(|(k, v)| (k.as_str(), v.as_str()) == (key, value))
    }
}

/// As etcd 3.5 says it: `"true"` or `"false"` in quotes.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Health {
    health: &'static str,
    reason: String,
}

/// Whether no voter's disk is so full that writes are refused, this one knows a leader, and it can make
/// a linearizable read.
pub async fn health(State(api): State<Api>, Query(wish): Query<Vec<(String, String)>>) -> Response {
    match ailment(&api, &Wish(wish)).await {
        None => Json(Health { health: "true", reason: String::new() }).into_response(),
        Some(reason) => {
            let health = Json(Health { health: "false", reason });
            (StatusCode::SERVICE_UNAVAILABLE, health).into_response()
        }
    }
}

async fn ailment(api: &Api, wish: &Wish) -> Option<String> {
    if !wish.has("exclude", NOSPACE) && !api.alarms.all().is_empty() {
        return Some(format!("ALARM {NOSPACE}"));
    }
    if wish.serializable() {
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
