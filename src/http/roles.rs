use crate::Caller;
use crate::guard::forbid;
use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use mesoform_identity::Role;

/// These routes, for callers with a certificate of one of `roles` and for nobody else: for a port
/// that serves several roles.
pub fn only_for(roles: &'static [Role], router: Router) -> Router {
    router.route_layer(from_fn(move |request: Request, next: Next| async move {
        match request.extensions().get::<Caller>() {
            Some(Caller::Peer(peer)) if roles.contains(&peer.role) => next.run(request).await,
            Some(Caller::Peer(peer)) => {
                *forbid(&format!("the role {} may not call {}", peer.role, request.uri().path()))
            }
            _ => *forbid("this asks for a certificate of this cluster"),
        }
    }))
}

impl Caller {
    /// Whether this is a certificate of the cluster of another role than `roles`, which must not be
    /// enough for what is meant for those and for people: a stolen key of an agent must not start tasks
    /// everywhere. The error says so.
    ///
    /// # Errors
    /// It is one.
    pub fn must_not_be_other_than(&self, roles: &[Role]) -> Result<(), String> {
        match self {
            Self::Peer(peer) if !roles.contains(&peer.role) => {
                Err(format!("the role {} has no business with this API", peer.role))
            }
            Self::Peer(_) | Self::User(_) | Self::Anonymous => Ok(()),
        }
    }
}
