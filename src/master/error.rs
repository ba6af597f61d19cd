use mesoform_coordination::CoordinationError;
use mesoform_http::HttpError;
use mesoform_identity::IdentityError;
use thiserror::Error;

/// Why the master cannot run.
#[derive(Debug, Error)]
pub enum MasterError {
    #[error("the master's identity cannot be used: {0}")]
    Identity(#[from] IdentityError),
    #[error(transparent)]
    Coordination(#[from] CoordinationError),
    #[error(transparent)]
    Http(#[from] HttpError),
}
