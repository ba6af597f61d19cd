use crate::disk::DiskError;
use nix::errno::Errno;
use std::path::PathBuf;
use thiserror::Error;

/// Why an executor could not do its work. How its task ended is no error: that is in `exit.json`.
#[derive(Debug, Error)]
pub enum ExecutorError {
    #[error("{}: there is no task here; the agent writes it before it starts an executor", path.display())]
    NoTask { path: PathBuf },
    #[error(
        "the executor runs among {threads} threads; this is a bug: it must be called before any is started"
    )]
    Threads { threads: usize },
    #[error("the executor cannot {doing}: {source}")]
    Prepare { doing: &'static str, source: Errno },
    #[error("{}: the executor cannot listen: {source}", path.display())]
    Listen { path: PathBuf, source: std::io::Error },
    #[error("MESOFORM_LIFELINE_FD={value}: is no open file; unset it where there is no supervisor")]
    Lifeline { value: String },
    #[error(transparent)]
    Disk(#[from] DiskError),
}
