use crate::disk::Stored;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// What a task runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Program {
    /// A line for `/bin/sh -c`.
    Shell(String),
    /// A program, found in PATH, and its arguments with the name under which it is called first.
    Argv { path: String, arguments: Vec<String> },
}

/// `task.json`: written by the agent, read once by the executor.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskFile {
    pub format: u32,
    /// The task's id, for people.
    pub task: String,
    pub program: Program,
    /// The whole environment of the task.
    pub environment: BTreeMap<String, String>,
    /// The working directory; `stdout` and `stderr` are kept in it.
    pub sandbox: PathBuf,
    /// Where the executor listens.
    pub socket: PathBuf,
    /// Whose rights the task has; none: the executor's.
    pub user: Option<String>,
    /// What a task gets between SIGTERM and SIGKILL when the host ends the executor.
    pub grace_ms: u64,
    /// How large `stdout` and `stderr` may each become before they are turned over.
    pub log_bytes: u64,
}

impl TaskFile {
    /// The file in the folder of a task.
    pub fn path(dir: &Path) -> PathBuf {
        dir.join("task.json")
    }
}

impl Stored for TaskFile {
    const FORMAT: u32 = 1;
    fn format(&self) -> u32 {
        self.format
    }
}

/// Environments and command lines carry secrets: neither is shown.
impl fmt::Debug for TaskFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskFile")
            .field("task", &self.task)
            .field("sandbox", &self.sandbox)
            .finish_non_exhaustive()
    }
}
