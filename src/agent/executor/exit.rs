use crate::disk::Stored;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// How the task's first process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It exited with this status.
    Code(i32),
    /// This signal killed it.
    Signal(i32),
    /// It never ran.
    NotStarted,
    /// Nobody saw it end: its executor died, or never came up. Written by the agent.
    Lost,
}

/// Who ended the task, where it did not end by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The agent, by an order.
    Order,
    /// The supervisor above is gone.
    Lifeline,
    /// The host: the executor was told to end.
    Terminated,
}

/// `exit.json`: on disk before anybody is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exit {
    pub format: u32,
    pub outcome: Outcome,
    pub cause: Option<Cause>,
    /// For people: `exited with status 3`, `command not found: …`.
    pub message: String,
    /// Milliseconds since 1970.
    pub at_ms: u64,
}

impl Exit {
    /// An exit that is told now.
    pub fn now(outcome: Outcome, cause: Option<Cause>, message: String) -> Self {
        Self { format: Self::FORMAT, outcome, cause, message, at_ms: now_ms() }
    }

    /// The file in the folder of a task.
    pub fn path(dir: &Path) -> PathBuf {
        dir.join("exit.json")
    }
}

impl Stored for Exit {
    const FORMAT: u32 = 1;
    fn format(&self) -> u32 {
        self.format
    }
}

impl Outcome {
    /// The words that a status update carries.
    pub fn words(self, shell: bool) -> String {
        match self {
            Self::Code(127) if shell => "exited with status 127 (command not found?)".into(),
            Self::Code(126) if shell => "exited with status 126 (command not executable?)".into(),
            Self::Code(code) => format!("exited with status {code}"),
            Self::Signal(signal) => format!("killed by signal {signal}"),
            Self::NotStarted => "was not started".into(),
            Self::Lost => "its executor died".into(),
        }
    }
}

/// Milliseconds since 1970.
pub(crate) fn now_ms() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX))
}
