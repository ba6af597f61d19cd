//! Who comes in, and with what.

mod body;
mod sense;
mod stand;

pub(crate) use stand::{Watch, stand_guard};

use crate::connection::Link;
use crate::places::Standing;
use crate::reply::{ask_for_credentials, error_reply};
use crate::{Caller, Credentials, local};
use axum::response::Response;
use http::request::Parts;
use http::{StatusCode, header};
use mesoform_identity::{Peer, Role};
use std::sync::Arc;

/// Open to everyone, so that load balancers and people can see that a service lives.
const OPEN_PATHS: [&str; 2] = ["/ping", "/health"];

/// Decides who comes in.
#[derive(Debug)]
pub(crate) enum Guard {
    /// Certificates of the cluster or Basic credentials; anyone where there are none. `host` is the
    /// one in the door's own certificate, where it has one.
    Api { credentials: Option<Credentials>, loopback_only: bool, host: Option<String> },
    /// A certificate with one of these roles; on the paths `open` none is asked for.
    Mutual { roles: Vec<Role>, open: Vec<&'static str> },
}

/// What is known of the connection that a request came on: an extension of every request.
#[derive(Debug, Clone)]
pub(crate) struct Arrived {
    /// Who is at the other end, where he showed a certificate of the cluster.
    pub(crate) peer: Option<Peer>,
    pub(crate) link: Arc<Link>,
}

impl Guard {
    /// What someone who showed this certificate is to this door.
    pub(crate) fn standing(&self, peer: Option<&Peer>) -> Standing {
        match peer.filter(|peer| self.opens(peer).is_ok()) {
            None => Standing::Stranger,
            Some(peer) => {
                let agent_of = (peer.role == Role::Agent).then(|| peer.host.clone());
                Standing::Member { agent_of }
            }
        }
    }

    /// Who sends this request, or the answer that turns it away.
    fn judge(&self, shown: Option<Peer>, parts: &Parts) -> Result<Caller, Box<Response>> {
        if let Self::Api { loopback_only: true, .. } = self
            && let Some(cause) = local::foreign(parts)
        {
            return Err(forbid(&format!("this request is refused: {cause}")));
        }
        match (shown, self) {
            // Voters have no business at an API: they are asked for the password, as anyone is.
            (Some(peer), Self::Mutual { .. }) => self.admitted(peer),
            (Some(peer), Self::Api { .. }) if peer.role != Role::Quorum => self.admitted(peer),
            (_, Self::Api { credentials, .. }) => known(credentials.as_ref(), parts),
            (None, Self::Mutual { open, .. }) if open.contains(&parts.uri.path()) => {
                Ok(Caller::Anonymous)
            }
            (None, Self::Mutual { .. }) => {
                Err(forbid("this port asks for a certificate of this cluster"))
            }
        }
    }

    fn admitted(&self, peer: Peer) -> Result<Caller, Box<Response>> {
        match self.opens(&peer) {
            Ok(()) => Ok(Caller::Peer(peer)),
            Err(cause) => Err(forbid(&cause)),
        }
    }

    /// Whether this certificate opens this door; the error says why not.
    fn opens(&self, peer: &Peer) -> Result<(), String> {
        match self {
            Self::Mutual { roles, .. } if roles.contains(&peer.role) => Ok(()),
            Self::Mutual { .. } => Err(format!("the role {} may not call this port", peer.role)),
            Self::Api { .. } if peer.role == Role::Quorum => {
                Err("the certificate of a voter opens no API".to_owned())
            }
            Self::Api { host, .. } if is_at_home(peer, host.as_deref()) => Ok(()),
            Self::Api { .. } => {
                Err("the certificate of an agent opens only the APIs of its own host".to_owned())
            }
        }
    }
}

fn known(credentials: Option<&Credentials>, parts: &Parts) -> Result<Caller, Box<Response>> {
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
