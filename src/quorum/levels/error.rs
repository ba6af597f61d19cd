use super::Levels;
use thiserror::Error;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Why voters of different versions, or a version and a cluster, do not go together.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LevelError {
    /// This version is too old.
    #[error(
        "the cluster is at level {level}, but this version of mesoform ({VERSION}) knows {known}; run the version that the other voters run, or a later one"
    )]
    Outgrown { level: u32, known: Levels },
    /// This version is too new.
    #[error(
        "the cluster is at level {level}, but this version of mesoform ({VERSION}) knows {known}; first run a version in between on all voters, until it has raised the cluster's level"
    )]
    Ahead { level: u32, known: Levels },
    /// Another voter's version does not fit.
    #[error(
        "{who} knows {theirs}, but the cluster is at level {level}; run a version of mesoform there that knows it, such as that of this voter ({VERSION})"
    )]
    Unfit { who: String, theirs: Levels, level: u32 },
    #[error(
        "{who} speaks {theirs}, and this voter {own}: they do not understand each other; run versions of mesoform that have a level in common, such as the same one ({VERSION} runs here)"
    )]
    NothingInCommon { who: String, theirs: Levels, own: Levels },
    #[error("that the cluster is at level {level} cannot be noted: {cause}")]
    Unnoted { level: u32, cause: String },
}

impl LevelError {
    /// Whether a version that knows these can take part in a cluster at this level.
    ///
    /// # Errors
    /// It cannot.
    pub fn check(level: u32, known: Levels) -> Result<(), Self> {
        match level {
            _ if level > known.newest() => Err(Self::Outgrown { level, known }),
            _ if level < known.oldest() => Err(Self::Ahead { level, known }),
            _ => Ok(()),
        }
    }
}

impl From<LevelError> for tonic::Status {
    fn from(error: LevelError) -> Self {
        match error {
            LevelError::Unnoted { .. } => Self::internal(error.to_string()),
            _ => Self::failed_precondition(error.to_string()),
        }
    }
}
