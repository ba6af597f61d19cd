use super::asked::app_id;
use super::reply::{self, Outcome};
use super::role::Office;
use crate::core::{Command, QueueItem};
use crate::model::Moment;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::{Value, json};

pub fn list(office: &Office) -> Response {
    let now = Moment::now();
    let queue: Vec<Value> = office.view().queue.iter().map(|item| shown(item, now)).collect();
    reply::ok(json!({ "queue": queue }))
}

fn shown(item: &QueueItem, now: Moment) -> Value {
    let left = item.held_until.map_or(0.0, |until| now.seconds_until(until));
    json!({
        "app": item.app.to_json(),
        "count": item.count,
        "role": "*",
        "delay": { "timeLeftSeconds": left.ceil() as u64, "overdue": left <= 0.0 },
        "since": item.since,
        "processedOffersSummary": {
            "processedOffersCount": 0,
            "unusedOffersCount": 0,
            "rejectSummaryLastOffers": [],
            "rejectSummaryLaunchAttempt": [],
        },
    })
}

pub async fn reset(office: &Office, app: &[&str]) -> Outcome {
    office.order(Command::ResetDelay { app: app_id(app)? }).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
