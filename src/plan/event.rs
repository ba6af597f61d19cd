use crate::Change;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What went wrong on a host: where, why, and what helps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// A path, unit or command.
    pub place: String,
    pub cause: String,
    pub cure: String,
    /// What was seen, for example a unit's last journal lines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<String>,
}

impl Failure {
    pub fn new(
        place: impl Into<String>,
        cause: impl Into<String>,
        cure: impl Into<String>,
    ) -> Self {
        Self { place: place.into(), cause: cause.into(), cure: cure.into(), lines: Vec::new() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.cause)?;
        if !self.cure.is_empty() {
            write!(f, "; {}", self.cure)?;
        }
        for line in &self.lines {
            write!(f, "\n    {line}")?;
        }
        Ok(())
    }
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Outcome {
    Done {
        changed: usize,
    },
    /// Stopped at the first step that failed; what came before it is done.
    Failed {
        changed: usize,
        step: Option<usize>,
        failure: Failure,
    },
    /// The job was killed, or the host went down; running the plan again does what is missing.
    Interrupted {
        changed: usize,
    },
}

/// What a host says while it works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// A run started; it will make that many changes.
    Began { run_id: String, changes: usize },
    /// A change is about to be made.
    Doing { change: Change },
    /// It is made.
    Did { change: Change },
    /// A unit's state, or its own words about it, changed.
    Unit { unit: String, active: String, status: String },
    /// Something that the operator should know and that stops nothing.
    Note { text: String },
    /// A run ended.
    Ended { run_id: String, outcome: Outcome },
}
