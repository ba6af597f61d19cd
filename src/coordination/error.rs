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
    #[error(
        "{endpoint} is an etcd {found}, and mesoform needs {wanted} or later; upgrade it, or point \
         mesoform_quorum_endpoints at another one"
    )]
    TooOld { endpoint: String, found: String, wanted: &'static str },
    #[error(
        "the keys below {keys} in this etcd are those of {found}, not of {own}; give this cluster others \
         with mesoform_quorum_prefix, or, where that one is gone for good, `etcdctl del --prefix {keys}`"
    )]
    Taken { keys: String, found: String, own: String },
    #[error("the quorum refuses this ({what}: {cause})")]
    Refused { what: &'static str, cause: String },
    #[error("the quorum's answer makes no sense ({what}: {cause})")]
    Answer { what: &'static str, cause: &'static str },
}
