use super::{ANSWER_LIMIT, LinkError, Outgoing, words};
use mesoform_mesos::agent_protocol::{PONG_PATH, REPORT_PATH};
use reqwest::{Client, StatusCode, Url};
use serde::Serialize;
use tokio::sync::mpsc;

/// Sends what the agent has to say, one after the other; says why it could not go on.
pub async fn all(client: &Client, url: &Url, outgoing: &mut mpsc::Receiver<Outgoing>) -> LinkError {
    loop {
        let posted = match outgoing.recv().await {
            Some(Outgoing::Report(report)) => post(client, url, REPORT_PATH, &report).await,
            Some(Outgoing::Pong(pong)) => post(client, url, PONG_PATH, &pong).await,
            Some(Outgoing::HangUp) => return LinkError::Deposed,
            None => return LinkError::AgentEnds,
        };
        if let Err(error) = posted {
            return error;
        }
    }
}

async fn post<T: Serialize + Sync>(
    client: &Client,
    url: &Url,
    path: &str,
    body: &T,
) -> Result<(), LinkError> {
    let failed = |cause: String| LinkError::Report { cause };
    let url = url.join(path).map_err(|e| failed(e.to_string()))?;
    let sent = client.post(url).json(body).timeout(ANSWER_LIMIT).send().await;
    let answer = sent.map_err(|e| failed(words(&e)))?;
    match answer.status() {
        status if status.is_success() => Ok(()),
        StatusCode::FORBIDDEN => Err(LinkError::RegisterAgain),
        status => Err(failed(status.to_string())),
    }
}
