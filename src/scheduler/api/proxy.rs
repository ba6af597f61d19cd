use super::asked::Asked;
use super::reply::Problem;
use super::role::Candidate;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{AUTHORIZATION, CONNECTION, CONTENT_LENGTH, EXPECT, HOST, ORIGIN};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use std::sync::Arc;
use std::time::Duration;

/// The schedulers that a request has come through.
const VIA: HeaderName = HeaderName::from_static("x-marathon-via");
/// They speak of one connection, not of the request.
const HOP_BY_HOP: [&str; 7] = [
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The leader's own patience with the quorum ends before.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(45);
/// A leader whose host is gone is noticed so: nothing else says so while an answer is on its way.
const PROBE_EVERY: Duration = Duration::from_secs(10);

/// Passes requests on to the scheduler that leads.
///
/// Always over TLS, with this scheduler's certificate, and to a scheduler's: a port that is plain for
/// old clients understands that too (see `mesoform_http::Door`). So no password travels on, and nobody
/// who took the leader's address is believed.
#[derive(Debug, Clone)]
pub struct Proxy {
    client: reqwest::Client,
}

impl Proxy {
    /// `tls` proves to leaders who this is, and sees that they are schedulers.
    ///
    /// # Errors
    /// The HTTP client cannot be made.
    pub fn new(tls: &Arc<rustls::ClientConfig>) -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_keepalive(PROBE_EVERY)
            .http2_keep_alive_interval(PROBE_EVERY)
            .http2_keep_alive_timeout(CONNECT_TIMEOUT)
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
        let path = asked.uri.path_and_query().map_or("/", |path| path.as_str());
        let url = format!("https://{}{path}", leader.http);
        let headers = passed_on(&asked.headers, me);
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

/// The headers for the leader. The certificate is the credential: nobody's password travels on.
fn passed_on(headers: &HeaderMap, me: &Candidate) -> HeaderMap {
    let mut passed = end_to_end(headers);
    for name in [HOST, ORIGIN, CONTENT_LENGTH, AUTHORIZATION, EXPECT] {
        passed.remove(name);
    }
    if let Ok(via) = HeaderValue::from_str(&me.http) {
        passed.append(VIA, via);
    }
    passed
}

fn end_to_end(headers: &HeaderMap) -> HeaderMap {
    let mut kept = headers.clone();
    let named = headers.get_all(CONNECTION).iter().filter_map(|value| value.to_str().ok());
    for name in named.flat_map(|value| value.split(',')).chain(HOP_BY_HOP) {
        kept.remove(name.trim());
    }
    kept.remove(CONNECTION);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_speaks_of_the_connection_stays_behind() {
        let me = Candidate { host: "h1".into(), http: "h1:8080".into(), scheme: None };
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("host", "h1"),
            ("connection", "close, X-Once"),
            ("x-once", "1"),
            ("authorization", "Basic eDp5"),
            ("transfer-encoding", "chunked"),
            ("expect", "100-continue"),
            ("accept", "text/plain"),
            ("x-marathon-via", "h9:8080"),
        ] {
            headers.append(name.parse::<HeaderName>().unwrap(), HeaderValue::from_static(value));
        }
        let passed = passed_on(&headers, &me);
        let names: Vec<&str> = passed.keys().map(HeaderName::as_str).collect();
        assert_eq!(names, ["accept", "x-marathon-via"]);
        assert_eq!(passed.get_all(VIA).iter().count(), 2);
    }
}
