use mesoform_identity::IdentityError;
use thiserror::Error;

/// What this crate's functions return.
pub type Result<T> = std::result::Result<T, CoordinationError>;

/// Why the quorum could not be asked.
#[derive(Debug, Error)]
pub enum CoordinationError {
    #[error("`{endpoint}` is no endpoint of the quorum ({cause}); write host:port")]
    Endpoint { endpoint: String, cause: &'static str },
    #[error("no endpoint of the quorum is configured; set quorum.endpoints")]
    NoEndpoints,
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error(
        "the quorum has not answered ({what}: {cause}); it needs a majority of its voters: see \
         `mesoform status`"
    )]
    Unavailable { what: &'static str, cause: String },
    #[error("the quorum refuses this ({what}: {cause})")]
    Refused { what: &'static str, cause: String },
    #[error("the quorum's answer makes no sense ({what}: {cause})")]
    Answer { what: &'static str, cause: &'static str },
}
