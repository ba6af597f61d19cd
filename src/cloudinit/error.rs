use mesoform_apply::ApplyError;
use mesoform_plan::Failure;
use std::io;
use std::path::PathBuf;
use thiserror::Error;

/// What this crate's functions return.
pub type Result<T, E = CloudInitError> = std::result::Result<T, E>;

/// Why a document could not be carried out.
#[derive(Debug, Error)]
pub enum CloudInitError {
    #[error("{}: {doing} failed: {source}", path.display())]
    Io { doing: &'static str, path: PathBuf, source: io::Error },
    #[error(transparent)]
    Apply(#[from] ApplyError),
    /// A document asks for what this host cannot do.
    #[error("{what}: {cause}; {cure}")]
    Host { what: String, cause: String, cure: String },
    #[error("{command}: {cause}; its last words are in {}", log.display())]
    Command { command: String, cause: String, log: PathBuf },
}

impl CloudInitError {
    pub(crate) fn io(
        doing: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { doing, path, source }
    }

    pub(crate) fn host(
        what: impl Into<String>,
        cause: impl Into<String>,
        cure: impl Into<String>,
    ) -> Self {
        Self::Host { what: what.into(), cause: cause.into(), cure: cure.into() }
    }

    /// Place, cause and cure, as they travel to the operator.
    pub fn failure(&self) -> Failure {
        match self {
            Self::Io { doing, path, source } => {
                Failure::new(path.display().to_string(), format!("{doing} failed: {source}"), "")
            }
            Self::Apply(error) => error.failure(),
            Self::Host { what, cause, cure } => Failure::new(what, cause, cure),
            Self::Command { command, cause, log } => Failure::new(
                command,
                cause,
                format!("{} on the host has all that was said", log.display()),
            ),
        }
    }
}
