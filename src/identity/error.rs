use crate::Role;
use jiff::Timestamp;
use std::path::PathBuf;
use thiserror::Error;

/// What this crate's functions return.
pub type Result<T> = std::result::Result<T, IdentityError>;

/// Why an identity could not be made, read or trusted.
#[derive(Debug, Error)]
pub enum IdentityError {
    #[error("{}: cannot be read: {source}", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{}: cannot be written: {source}", path.display())]
    Write { path: PathBuf, source: std::io::Error },
    #[error(
        "{}: others can read this key (mode {mode:04o}); run: chmod 600 {}",
        path.display(), path.display()
    )]
    KeyOpenToOthers { path: PathBuf, mode: u32 },
    #[error(
        "{}: the cluster's CA certificate is here, but its key {} is not; bring the key back, or \
         work from the machine that has it",
        certificate.display(), key.display()
    )]
    KeyMissing { certificate: PathBuf, key: PathBuf },
    #[error("{what}: {cause}")]
    Malformed { what: String, cause: String },
    #[error(
        "`{value}` cannot be a {kind}: use letters, digits, `.`, `_` and `-`, starting with a letter or digit, at most {max} characters"
    )]
    Name { kind: &'static str, value: String, max: usize },
    #[error("`{value}` is no role: quorum, master, scheduler, agent or operator")]
    Role { value: String },
    #[error("the certificate carries no mesoform identity ({cause})")]
    NoIdentity { cause: String },
    #[error(
        "{}: this is the CA of the cluster `{found}`, not of `{wanted}`; give the clusters different \
         folders, or set mesoform_cluster_name",
        path.display()
    )]
    OtherCluster { path: PathBuf, found: String, wanted: String },
    #[error("the certificate was not signed by the CA of this cluster ({cause})")]
    Untrusted { cause: String },
    #[error("the certificate request is refused: {cause}")]
    Request { cause: String },
    #[error("{} and {} do not belong together: {cause}", certificate.display(), key.display())]
    Pair { certificate: PathBuf, key: PathBuf, cause: String },
    #[error("{}: this certificate ended on {end}; `mesoform up` renews it", path.display())]
    Expired { path: PathBuf, end: Timestamp },
    #[error("{}: this certificate ended on {end}; put one there that holds", path.display())]
    OutsideExpired { path: PathBuf, end: Timestamp },
    #[error(
        "{}: this certificate begins on {begin}, but the clock of this host says {now}; set the clock",
        path.display()
    )]
    NotYet { path: PathBuf, begin: Timestamp, now: Timestamp },
    #[error(
        "{}: this is the certificate of the {found} of {host} in the cluster `{cluster}`, but here the \
         {wanted} of `{wanted_cluster}` must show its own; run `mesoform up` again",
        path.display()
    )]
    WrongRole {
        path: PathBuf,
        found: Role,
        host: String,
        cluster: String,
        wanted: Role,
        wanted_cluster: String,
    },
    #[error("a key or certificate cannot be made: {cause}")]
    Make { cause: String },
    #[error("TLS cannot be set up: {cause}")]
    Tls { cause: String },
}

impl IdentityError {
    pub(crate) fn make(cause: impl ToString) -> Self {
        Self::Make { cause: cause.to_string() }
    }

    pub(crate) fn tls(cause: impl ToString) -> Self {
        Self::Tls { cause: cause.to_string() }
    }

    pub(crate) fn malformed(what: impl ToString, cause: impl ToString) -> Self {
        Self::Malformed { what: what.to_string(), cause: cause.to_string() }
    }
}
