//! Exit codes are Ansible's.

use crate::render;
use mesoform_cluster::Stop;
use serde_json::json;
use std::io::Write;
use std::process::ExitCode;
use thiserror::Error;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    Fine,
    /// An error before any host was touched.
    Refused,
    /// Something failed on a host.
    HostFailed,
    /// A host could not be reached.
    Unreachable,
    /// The command line itself is wrong.
    Usage,
    /// Stopped by Ctrl-C (128 + SIGINT).
    Interrupted,
}

/// Ends of a command that have an exit code of their own.
#[derive(Debug, Error)]
pub enum Early {
    #[error("{0}")]
    Usage(String),
    /// With what it leaves undone.
    #[error("{0}")]
    Interrupted(String),
}

impl Exit {
    fn code(self) -> u8 {
        match self {
            Self::Fine => 0,
            Self::Refused => 1,
            Self::HostFailed => 2,
            Self::Unreachable => 4,
            Self::Usage => 5,
            Self::Interrupted => 130,
        }
    }

    /// What an error that ended a command comes to.
    fn of(error: &anyhow::Error) -> Self {
        match (error.downcast_ref(), error.downcast_ref()) {
            (Some(stop), _) => Self::from(stop),
            (_, Some(Early::Usage(_))) => Self::Usage,
            (_, Some(Early::Interrupted(_))) => Self::Interrupted,
            (None, None) => Self::Refused,
        }
    }
}

impl From<&Stop> for Exit {
    fn from(stop: &Stop) -> Self {
        match stop {
            Stop::Refused(_) => Self::Refused,
            Stop::Failed(_) => Self::HostFailed,
            Stop::Unreachable(_) => Self::Unreachable,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Prints what clap has to say: help and version are no errors.
pub fn usage(error: &clap::Error, as_json: bool) -> ExitCode {
    // A closed pipe (`mesoform --help | head`) is none of our business.
    let _ = error.print();
    if !error.use_stderr() {
        return ExitCode::SUCCESS;
    }
    if as_json {
        let message = error.render().to_string();
        tell_json(Exit::Usage, message.trim());
    }
    Exit::Usage.into()
}

/// Tells an error that ended a command: to people on standard error, and to whoever asked for it as
/// JSON on standard output.
pub fn error(error: &anyhow::Error, as_json: bool) -> ExitCode {
    let (exit, message) = (Exit::of(error), format!("{error:#}"));
    // Nobody may be reading any more.
    let _ = writeln!(std::io::stderr().lock(), "mesoform: {}", render::harmless(&message));
    if as_json {
        tell_json(exit, &message);
    }
    exit.into()
}

fn tell_json(exit: Exit, message: &str) {
    render::json_line(&json!({ "event": "error", "exit": exit.code(), "message": message }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_end_has_its_code() {
        let end = |error: anyhow::Error| Exit::of(&error).code();
        assert_eq!(end(anyhow::anyhow!("anything else")), 1);
        assert_eq!(end(Stop::Refused(String::new()).into()), 1);
        assert_eq!(end(Stop::Failed(String::new()).into()), 2);
        assert_eq!(end(Stop::Unreachable(String::new()).into()), 4);
        assert_eq!(end(Early::Usage(String::new()).into()), 5);
        assert_eq!(end(Early::Interrupted(String::new()).into()), 130);
        let wrapped = anyhow::Error::from(Stop::Failed(String::new())).context("on the way");
        assert_eq!(end(wrapped), 2);
    }
}
