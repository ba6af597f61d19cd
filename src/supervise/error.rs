use crate::Ended;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;
use thiserror::Error;

/// What can go wrong with supervision.
#[derive(Debug, Error)]
pub enum SuperviseError {
    #[error(
        "{} is already in use by {}, or choose another folder",
        directory.display(), owner(*pid)
    )]
    Running { directory: PathBuf, pid: Option<i32> },
    #[error("the units need each other: {}; one of them must start without the next", path.join(" > "))]
    Cycle { path: Vec<String> },
    #[error("the unit '{unit}' needs '{need}', which is no unit")]
    UnknownNeed { unit: String, need: String },
    #[error("there are two units named '{name}'")]
    Twice { name: String },
    #[error("'{name}' is no name for a unit: use letters, digits, -, _ and .")]
    Name { name: String },
    #[error("the unit '{name}' has no command")]
    NoCommand { name: String },
    #[error("there is no unit '{name}'; there are: {}", known.join(", "))]
    UnknownUnit { name: String, known: Vec<String> },
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("the pipe by which units notice the end of their supervisor cannot be made: {0}")]
    Lifeline(io::Error),
    #[error("{0}")]
    Failed(Failure),
    #[error("the supervisor is stopping or has stopped")]
    Stopped,
    #[error(
        "processes that the units started still run after {} s; find them with \
         `ps -eo pid,ppid,args`", waited.as_secs()
    )]
    Leftover { waited: Duration },
}

/// A unit that ended before it was ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub unit: String,
    pub ended: Ended,
    pub log: PathBuf,
    /// The last lines that it wrote.
    pub tail: Vec<String>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} before it was ready", self.unit, self.ended)?;
        if self.tail.is_empty() {
            return write!(f, "; it wrote nothing to {}", self.log.display());
        }
        write!(f, "; its last words in {}:", self.log.display())?;
        self.tail.iter().try_for_each(|line| write!(f, "\n  {line}"))
    }
}

fn owner(pid: Option<i32>) -> String {
    match pid {
        Some(pid) => {
            format!("the process {pid}; stop it first (Ctrl-C where it runs, or kill {pid})")
        }
        // It has the lock, but has not yet written its name.
        None => "a process that just started; stop it first".to_owned(),
    }
}
