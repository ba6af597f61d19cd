//! Other programs: bounded in time and output, and never through a shell.

mod commands;

pub use commands::Commands;

use crate::{ApplyError, Result};
use std::time::Duration;

/// How long most commands may take.
pub const USUAL: Duration = Duration::from_secs(30);

/// One command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    pub program: String,
    pub args: Vec<String>,
    pub timeout: Duration,
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Done {
    /// `None`: killed by a signal.
    pub code: Option<i32>,
    /// At most 1 MiB.
    pub stdout: String,
    pub stderr: String,
}

/// Who runs commands. Another one in tests.
pub trait Run: Send + Sync {
    /// Runs a command to its end.
    ///
    /// # Errors
    /// It is not there, or did not end in time. A code other than 0 is no error here.
    fn run(&self, call: &Call) -> Result<Done>;
}

impl Call {
    pub fn new(program: &str, args: &[&str]) -> Self {
        let args = args.iter().map(|arg| (*arg).to_owned()).collect();
        Self { program: program.to_owned(), args, timeout: USUAL }
    }

    pub fn also<S: AsRef<str>>(mut self, args: &[S]) -> Self {
        self.args.extend(args.iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    pub fn within(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// As one would type it, for errors.
    pub fn line(&self) -> String {
        let mut line = self.program.clone();
        for arg in &self.args {
            line.push(' ');
            line.push_str(arg);
        }
        line
    }
}

/// Runs a command that must succeed.
///
/// # Errors
/// As [`Run::run`]; or it said that it failed, with its last words.
pub fn must(run: &dyn Run, call: &Call) -> Result<Done> {
    let done = run.run(call)?;
    if done.code == Some(0) {
        return Ok(done);
    }
    let how = match done.code {
        Some(code) => format!("ended with code {code}"),
        None => "was killed".to_owned(),
    };
    let words: Vec<&str> = done.stderr.lines().rev().take(3).collect();
    let words: Vec<&str> = words.into_iter().rev().collect();
    let cause = if words.is_empty() { how } else { format!("{how}: {}", words.join(" / ")) };
    Err(ApplyError::Command { command: call.line(), cause })
}
