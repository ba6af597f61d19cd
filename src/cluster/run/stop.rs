use crate::session::SessionError;
use mesoform_transport::TransportError;
use thiserror::Error;

/// Why a run, or the work on one host, ended early. The kind decides the exit code.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Stop {
    /// Before any host was touched (1).
    #[error("{0}")]
    Refused(String),
    /// On a host (2).
    #[error("{0}")]
    Failed(String),
    /// A host was not reached (4).
    #[error("{0}")]
    Unreachable(String),
}

impl Stop {
    /// The run's own end, where `count` hosts ended like this one. What each said was told before.
    pub(crate) fn of_hosts(&self, count: usize) -> Self {
        let hosts = if count == 1 { "one host".to_owned() } else { format!("{count} hosts") };
        match self {
            Self::Refused(_) => Self::Refused(format!(
                "stopped before anything was changed: {hosts} stand in the way (see above)"
            )),
            Self::Failed(_) => Self::Failed(format!("{hosts} failed (see above)")),
            Self::Unreachable(_) => {
                Self::Unreachable(format!("{hosts} could not be reached (see above)"))
            }
        }
    }
}

impl From<TransportError> for Stop {
    fn from(error: TransportError) -> Self {
        let message = error.to_string();
        match error.exit_code() {
            1 => Self::Refused(message),
            4 => Self::Unreachable(message),
            _ => Self::Failed(message),
        }
    }
}

impl From<SessionError> for Stop {
    fn from(error: SessionError) -> Self {
        let message = error.to_string();
        match error {
            SessionError::Lost(_) | SessionError::Silent => Self::Unreachable(message),
            SessionError::Busy { .. } => Self::Refused(message),
            _ => Self::Failed(message),
        }
    }
}
