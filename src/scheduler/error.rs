use thiserror::Error;

/// Why the scheduler could not go on.
#[derive(Debug, Error)]
pub enum SchedulerError {
    #[error("the scheduler's identity cannot be used: {0}")]
    Identity(#[from] mesoform_identity::IdentityError),
    #[error("the quorum's client cannot be set up: {0}")]
    Coordination(#[from] mesoform_coordination::CoordinationError),
    #[error("the scheduler's API cannot be served: {0}")]
    Http(#[from] mesoform_http::HttpError),
    #[error("the client for the leading scheduler cannot be set up: {0}")]
    Client(#[from] reqwest::Error),
}
