use crate::cure;
use mesoform_identity::IdentityError;
use mesoform_plan::{Failure, Lock, PlanError};
use std::fmt;
use std::io;
use std::path::PathBuf;

/// What this crate's functions return.
pub type Result<T> = std::result::Result<T, ApplyError>;

/// Why a host could not be brought to what a plan wants.
#[derive(Debug)]
pub enum ApplyError {
    Io {
        doing: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    /// A parent folder is a link that somebody other than root could have put there.
    Elsewhere {
        path: PathBuf,
        link: PathBuf,
    },
    NoUser {
        kind: &'static str,
        name: String,
    },
    NoCommand {
        program: String,
    },
    Command {
        command: String,
        cause: String,
    },
    NotCarried {
        path: PathBuf,
        found: Option<String>,
    },
    NoSecret {
        name: String,
    },
    WrongSecret {
        name: String,
    },
    NoChain {
        step: usize,
    },
    ForeignChain {
        step: usize,
        cause: String,
    },
    OtherCluster {
        found: String,
        wanted: String,
    },
    NotLocal {
        step: usize,
        what: &'static str,
    },
    Plan(PlanError),
    Identity(IdentityError),
    /// What the operator's side said when it was asked to sign.
    Signing {
        role: String,
        cause: String,
    },
    UnitFailed {
        unit: String,
        cause: String,
        lines: Vec<String>,
    },
    UnitLate {
        unit: String,
        waited_ms: u64,
        active: String,
        status: String,
        lines: Vec<String>,
    },
    RunId {
        id: String,
    },
    RunExists {
        id: String,
    },
    NoRun {
        id: String,
    },
    StillRuns {
        id: String,
    },
    JobSilent {
        id: String,
        waited_ms: u64,
    },
    NoLock,
    LockLost {
        by: Option<Lock>,
    },
    LockBusy {
        lock: Lock,
        now_ms: i64,
    },
    Protocol {
        cause: String,
    },
    /// A step failed, and this is how.
    Step {
        failure: Failure,
    },
    /// The other side is gone.
    Closed,
}

impl ApplyError {
    pub(crate) fn io(
        doing: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { doing, path, source }
    }

    pub(crate) fn errno(
        doing: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(nix::Error) -> Self {
        let path = path.into();
        move |errno| Self::Io { doing, path, source: errno.into() }
    }

    /// Place, cause and cure, as they travel to the operator.
    pub fn failure(&self) -> Failure {
        cure::failure(self)
    }
}

impl From<PlanError> for ApplyError {
    fn from(error: PlanError) -> Self {
        Self::Plan(error)
    }
}

impl From<IdentityError> for ApplyError {
    fn from(error: IdentityError) -> Self {
        Self::Identity(error)
    }
}

impl fmt::Display for ApplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.failure().fmt(f)
    }
}

impl std::error::Error for ApplyError {}
