//! Exit codes are Ansible's.

use std::process::ExitCode;

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

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Fine => 0,
            Exit::Refused => 1,
            Exit::HostFailed => 2,
            Exit::Unreachable => 4,
            Exit::Usage => 5,
            Exit::Interrupted => 130,
        })
    }
}

/// Prints what clap has to say: help and version are no errors.
pub fn usage(error: &clap::Error) -> ExitCode {
    // A closed pipe (`mesoform --help | head`) is none of our business.
    let _ = error.print();
    if error.use_stderr() { Exit::Usage.into() } else { ExitCode::SUCCESS }
}

/// Prints an error that ended a command.
#[expect(clippy::print_stderr, reason = "the command line is where errors are told")]
pub fn error(error: &anyhow::Error) -> ExitCode {
    eprintln!("mesoform: {error:#}");
    Exit::Refused.into()
}
