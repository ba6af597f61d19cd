use crate::core::LoadError;
use mesoform_coordination::CoordinationError;
use mesoform_http::HttpError;
use mesoform_identity::IdentityError;
use mesoform_mesos::ClientError;
use thiserror::Error;

/// Why the scheduler could not go on.
#[derive(Debug, Error)]
pub enum SchedulerError {
    #[error("the scheduler's certificate cannot be used: {0}")]
    Identity(#[from] IdentityError),
    #[error(transparent)]
    Coordination(#[from] CoordinationError),
    #[error(transparent)]
    Http(#[from] HttpError),
    #[error("no client for the leading scheduler can be made: {0}")]
    Proxy(#[from] reqwest::Error),
    #[error("no client for the masters can be made: {0}")]
    Masters(#[from] ClientError),
    #[error("the scheduler cannot lead: {0}")]
    Load(#[from] LoadError),
    #[error("the API ended unexpectedly: {cause}")]
    Api { cause: String },
}
