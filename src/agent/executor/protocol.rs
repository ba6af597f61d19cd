//! What is spoken on an executor's socket: one JSON object per line, both ways.
//!
//! Whoever connects is told the state at once, then each change. Fields and kinds may be added; what
//! a reader does not know it skips, since agents and executors of different versions meet during an
//! upgrade.

use super::Exit;
use serde::{Deserialize, Serialize};

/// Longer lines end the connection.
pub const MAX_LINE: usize = 64 * 1024;

/// From the executor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Told {
    /// The task runs.
    Running {
        pid: i32,
        /// Milliseconds since 1970.
        started_ms: u64,
    },
    /// It ended; `exit.json` says the same.
    Exited(Exit),
    /// A later version's word.
    #[serde(other)]
    Unknown,
}

/// To the executor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "kebab-case")]
pub enum Asked {
    /// SIGTERM now, SIGKILL to all that is left after the grace.
    Kill { grace_ms: u64 },
    /// The exit was taken note of: the executor may go.
    Acknowledge,
    /// A later version's word.
    #[serde(other)]
    Unknown,
}
