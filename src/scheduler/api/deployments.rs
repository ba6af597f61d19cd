use super::apps::{deploying, unexpected};
use super::asked::Asked;
use super::reply::{self, Outcome};
use super::role::Office;
use crate::core::{Answer, Command};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::Value;

pub fn list(office: &Office) -> Response {
    let view = office.view();
    let shown: Vec<Value> = view.state.deployments.values().map(|d| d.to_json()).collect();
    reply::ok(shown.into())
}

pub async fn cancel(office: &Office, asked: &Asked, id: &str) -> Outcome {
    let force = asked.flag("force", false);
    let command = Command::Cancel { deployment: id.to_owned(), force };
    match office.order(command).await? {
        Answer::Done => Ok(StatusCode::ACCEPTED.into_response()),
        answer @ Answer::Deploying { .. } => deploying(answer),
        _ => Err(unexpected()),
    }
}
