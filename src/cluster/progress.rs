//! What a run tells while it works. The command line renders it; nothing below prints.

use serde::Serialize;
use std::time::Duration;

/// Something that happened in a run.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Progress {
    /// A phase begins.
    Phase { phase: &'static str, title: &'static str },
    /// A phase has ended well.
    PhaseDone { phase: &'static str, title: &'static str, millis: u64 },
    /// What a host is doing now; replaces what was said of it before.
    Host { host: String, text: String },
    /// Bytes on their way to a host.
    Bytes { host: String, sent: u64, total: u64 },
    /// Something that `up` changed on a host, or, with `--check`, would change.
    Change {
        host: String,
        change: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        diff: Option<String>,
    },
    /// Something that went wrong on a host, with its cure.
    Failure { host: String, message: String },
    /// Something worth knowing that stops nothing.
    Notice { message: String },
}

/// Who listens to a run. Called often and from many tasks: it must be quick.
pub trait Observer: Send + Sync {
    fn on(&self, progress: Progress);
}

/// Milliseconds of a duration, for machines.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
