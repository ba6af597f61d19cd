//! The thin shell around the core: inputs in, records committed, and only then effects out.

mod batch;
mod run;
mod store;

pub use run::{Ended, Engine, Inbox};
pub use store::Store;

use crate::core::{Answer, Command, Refusal};
use thiserror::Error;
use tokio::sync::oneshot;

/// A command and who waits for its answer.
#[derive(Debug)]
pub struct Order {
    pub command: Command,
    pub reply: oneshot::Sender<Result<Answer, Failure>>,
}

/// Why a command has no answer of the core.
#[derive(Debug, Error)]
pub enum Failure {
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Nothing was changed.
    #[error("nothing was changed: {0}")]
    NotCommitted(String),
    /// It may have been changed.
    #[error(
        "it is unknown whether the change was made: {0}. Read before you repeat it; the next leader \
         goes by what the quorum has"
    )]
    Unknown(String),
}

#[cfg(test)]
pub(crate) mod tests;
