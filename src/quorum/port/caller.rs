use mesoform_identity::Peer;
use std::sync::Arc;
use tonic::{Request, Status};

/// Who is at the other end; an extension of every request.
#[derive(Clone)]
pub struct Caller(pub Arc<Peer>);

/// Who made a request.
///
/// # Errors
/// It did not come over one of our connections.
pub fn caller<T>(request: &Request<T>) -> Result<Arc<Peer>, Status> {
    let caller = request.extensions().get::<Caller>();
    caller.map(|caller| caller.0.clone()).ok_or_else(|| Status::unauthenticated("no certificate"))
}
