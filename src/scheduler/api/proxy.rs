use super::asked::Asked;
use super::reply::Problem;
use super::role::Candidate;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{AUTHORIZATION, CONNECTION, CONTENT_LENGTH, HOST, ORIGIN, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use std::sync::Arc;
use std::time::Duration;

/// The schedulers that a request has come through.
const VIA: HeaderName = HeaderName::from_static("x-marathon-via");
/// They speak of one connection, not of the request.
const HOP_BY_HOP: [&str; 4] = ["keep-alive", "te", "trailer", "upgrade"];
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The leader's own patience with the quorum ends before.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(45);

/// Passes requests on to the scheduler that leads.
#[derive(Debug, Clone)]
pub struct Proxy {
    client: reqwest::Client,
}

impl Proxy {
    /// `tls` proves to leaders who this is.
    ///
    /// # Errors
    /// The HTTP client cannot be made.
    pub fn new(tls: &Arc<rustls::ClientConfig>) -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .tls_backend_preconfigured(rustls::ClientConfig::clone(tls))
            .build()?;
        Ok(Self { client })
    }

    /// The answer of `leader`, or why there is none.
    pub async fn forward(&self, me: &Candidate, leader: &Candidate, asked: Asked) -> Response {
        let sent = self.send(me, leader, asked);
        match tokio::time::timeout(ANSWER_TIMEOUT, sent).await {
            Ok(Ok(response)) => response,
            Ok(Err(problem)) => problem.into_response(),
            Err(_) => gateway(StatusCode::GATEWAY_TIMEOUT, leader, UNKNOWN).into_response(),
        }
    }

    async fn send(
        &self,
        me: &Candidate,
        leader: &Candidate,
        asked: Asked,
    ) -> Result<Response, Problem> {
        if asked.headers.get_all(VIA).iter().any(|via| via.as_bytes() == me.http.as_bytes()) {
            let message = "Detected proxying loop.";
            return Err(Problem::new(StatusCode::BAD_GATEWAY, message));
        }
        let scheme = leader.scheme.as_deref().or(me.scheme.as_deref()).unwrap_or("http");
        let path = asked.uri.path_and_query().map_or("/", |path| path.as_str());
        let url = format!("{scheme}://{}{path}", leader.http);
        let headers = passed_on(&asked.headers, me, scheme == "https");
        let request = self.client.request(asked.method, url).headers(headers).body(asked.body);
        let answer = request.send().await.map_err(|error| {
            tracing::warn!(leader = leader.http, error = ?error, "the leader cannot be reached");
            let message = if error.is_connect() { REFUSED } else { UNKNOWN };
            gateway(StatusCode::BAD_GATEWAY, leader, message)
        })?;
        let mut response = Response::new(Body::empty());
        *response.status_mut() = answer.status();
        *response.headers_mut() = end_to_end(answer.headers());
        *response.body_mut() = Body::from_stream(answer.bytes_stream());
        Ok(response)
    }
}

const REFUSED: &str = "cannot be reached, so that nothing was changed; try again in a few seconds";
const UNKNOWN: &str = "did not answer, so that it is unknown whether a change was made; read before \
                       you repeat it";

fn gateway(status: StatusCode, leader: &Candidate, what: &str) -> Problem {
    Problem::new(status, format!("the leading scheduler at {} {what}", leader.http))
}

/// The headers for the leader. Over TLS the certificate is the credential, and nobody's password
/// needs to travel on.
fn passed_on(headers: &HeaderMap, me: &Candidate, secure: bool) -> HeaderMap {
    let mut passed = end_to_end(headers);
    passed.remove(HOST);
    passed.remove(ORIGIN);
    passed.remove(CONTENT_LENGTH);
    if secure {
        passed.remove(AUTHORIZATION);
    }
    if let Ok(via) = HeaderValue::from_str(&me.http) {
        passed.append(VIA, via);
    }
    passed
}

fn end_to_end(headers: &HeaderMap) -> HeaderMap {
    let mut kept = headers.clone();
    kept.remove(CONNECTION);
    kept.remove(TRANSFER_ENCODING);
    HOP_BY_HOP.iter().for_each(|name| drop(kept.remove(*name)));
    kept
}
