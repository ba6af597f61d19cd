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
