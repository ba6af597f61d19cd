use crate::Backoff;
use std::ffi::OsString;
use std::path::PathBuf;

/// Something to run, and what must be ready before.
#[derive(Clone, Debug)]
pub struct Unit {
    /// Unique; it also names the unit's socket, so it holds letters, digits, `-`, `_` and `.` only.
    pub name: String,
    /// The program and its arguments.
    pub command: Vec<OsString>,
    /// Set in addition to the supervisor's own environment.
    pub env: Vec<(OsString, OsString)>,
    /// The units that must have been ready before this one starts.
    pub needs: Vec<String>,
    /// Its output is appended here; at 16 MiB the file becomes `<log>.1`.
    pub log: PathBuf,
    pub restart: Backoff,
}

impl Unit {
    /// A unit without needs, with the usual back-off.
    pub fn new(name: impl Into<String>, command: Vec<OsString>, log: impl Into<PathBuf>) -> Self {
        Self {
            name: name.into(),
            command,
            env: Vec::new(),
            needs: Vec::new(),
            log: log.into(),
            restart: Backoff::default(),
        }
    }
}
