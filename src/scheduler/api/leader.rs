use super::front::Front;
use super::reply::{self, Problem};
use super::role::{Candidate, Office, Role};
use axum::response::{IntoResponse, Response};
use serde_json::json;

pub fn show(front: &Front) -> Response {
    match leader(front) {
        Some(leader) => reply::ok(json!({ "leader": leader.http })),
        None => Problem::not_found("There is no leader").into_response(),
    }
}

/// Who leads, if that is known. A record of oneself is of no use when one does not lead.
pub fn leader(front: &Front) -> Option<Candidate> {
    match front.role() {
        Role::Leading(_) => Some(front.me.clone()),
        Role::Standby { leader } => leader.filter(|leader| leader.http != front.me.http),
        Role::Starting => None,
    }
}

pub fn abdicate(office: &Office) -> Response {
    office.abdicate.cancel();
    reply::ok(json!({ "message": "Leadership abdicated" }))
}
