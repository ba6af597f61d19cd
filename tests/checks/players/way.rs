use std::error::Error;
use std::fmt;
use tonic::body::Body;
use tonic::codegen::{Service, StdError, http};
use tower::ServiceExt;
use tower::util::BoxCloneSyncService;

/// The way to one voter, whatever it leads over.
pub type Way = BoxCloneSyncService<http::Request<Body>, http::Response<Body>, Lost>;

/// A way over what carries gRPC: a channel, or the service itself.
pub fn way<S>(carrier: S) -> Way
where
    S: Service<http::Request<Body>, Response = http::Response<Body>>
        + Clone
        + Send
        + Sync
        + 'static,
    S::Error: Into<StdError>,
    S::Future: Send,
{
    Way::new(carrier.map_err(|error| Lost(error.into())))
}

/// The way ended before the voter.
#[derive(Debug)]
pub struct Lost(StdError);

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for Lost {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}
