use crate::reply::{ask_for_credentials, error_reply};
use crate::{Caller, Credentials, local};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::request::Parts;
use http::{StatusCode, header};
use http_body_util::{BodyExt, Limited};
use mesoform_identity::{Peer, Role};
use std::sync::Arc;
use std::time::Duration;

/// Open to everyone, so that load balancers and people can see that a service lives.
const OPEN_PATHS: [&str; 2] = ["/ping", "/health"];

/// How much of a refused request's body is read, bytes, and for how long.
const HEARD_OUT: usize = 64 * 1024;
const HEARD_OUT_WITHIN: Duration = Duration::from_secs(1);

/// Decides who comes in.
#[derive(Debug)]
pub(crate) enum Guard {
    /// Certificates of the cluster or Basic credentials; anyone where there are none. `host` is the
    /// one in the door's own certificate, where it has one.
    Api { credentials: Option<Credentials>, loopback_only: bool, host: Option<String> },
    /// A certificate with one of these roles.
    Mutual { roles: Vec<Role> },
}

/// Who is at the other end of a connection, where it showed a certificate of the cluster.
#[derive(Debug, Clone)]
pub(crate) struct Shown(pub(crate) Option<Peer>);

impl Guard {
    /// Who sends this request, or the answer that turns it away.
    fn judge(&self, shown: Option<Peer>, parts: &Parts) -> Result<Caller, Box<Response>> {
        match self {
            Self::Api { credentials, loopback_only, host } => {
                if *loopback_only && let Some(cause) = local::foreign(parts) {
                    return Err(forbid(&format!("this request is refused: {cause}")));
                }
                known(shown, host.as_deref(), credentials.as_ref(), parts)
            }
            Self::Mutual { roles } => match shown {
                Some(peer) if roles.contains(&peer.role) => Ok(Caller::Peer(peer)),
                Some(peer) => {
                    Err(forbid(&format!("the role {} may not call this port", peer.role)))
                }
                None => Err(forbid("this port asks for a certificate of this cluster")),
            },
        }
    }
}

fn known(
    shown: Option<Peer>,
    host: Option<&str>,
    credentials: Option<&Credentials>,
    parts: &Parts,
) -> Result<Caller, Box<Response>> {
    // Voters have no business here: their certificate opens no API.
    if let Some(peer) = shown.filter(|peer| peer.role != Role::Quorum) {
        return if is_at_home(&peer, host) {
            Ok(Caller::Peer(peer))
        } else {
            Err(forbid("the certificate of an agent opens only the APIs of its own host"))
        };
    }
    let Some(credentials) = credentials else { return Ok(Caller::Anonymous) };
    let header = parts.headers.get(header::AUTHORIZATION);
    match header.and_then(|header| credentials.user_of(header)) {
        Some(user) => Ok(Caller::User(user)),
        None if OPEN_PATHS.contains(&parts.uri.path()) => Ok(Caller::Anonymous),
        None => Err(Box::new(ask_for_credentials())),
    }
}

/// Whoever breaks out of a task may have its agent's key: that must not show him the sandboxes of
/// other hosts.
fn is_at_home(peer: &Peer, host: Option<&str>) -> bool {
    peer.role != Role::Agent || host == Some(&peer.host)
}

/// 403, and why.
pub(crate) fn forbid(message: &str) -> Box<Response> {
    Box::new(error_reply(StatusCode::FORBIDDEN, message))
}

/// What the middleware needs to know.
#[derive(Debug, Clone)]
pub(crate) struct Watch {
    pub(crate) guard: Arc<Guard>,
    pub(crate) body_limit: usize,
}

/// The middleware around all routes: judges, says who calls, bounds the body.
pub(crate) async fn stand_guard(
    State(watch): State<Watch>,
    mut request: Request,
    next: Next,
) -> Response {
    let shown = request.extensions_mut().remove::<Shown>().and_then(|shown| shown.0);
    let (mut parts, body) = request.into_parts();
    let caller = match watch.guard.judge(shown, &parts) {
        Ok(caller) => caller,
        Err(reply) => {
            hear_out(body).await;
            return *reply;
        }
    };
    if announced(&parts).is_some_and(|bytes| bytes > watch.body_limit as u64) {
        let message = format!("the body is larger than {} bytes", watch.body_limit);
        return error_reply(StatusCode::PAYLOAD_TOO_LARGE, message);
    }
    parts.extensions.insert(caller);
    let body = Body::new(Limited::new(body, watch.body_limit));
    next.run(Request::from_parts(parts, body)).await
}

/// Takes in what a refused caller still sends, within bounds. Where the answer comes first, HTTP/2
/// resets his stream, and clients such as curl then tell of a broken connection and not of the answer.
async fn hear_out(body: Body) {
    let all = Limited::new(body, HEARD_OUT).collect();
    // Whoever sends more, or dawdles, has had his chance.
    drop(tokio::time::timeout(HEARD_OUT_WITHIN, all).await);
}

fn announced(parts: &Parts) -> Option<u64> {
    parts.headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
