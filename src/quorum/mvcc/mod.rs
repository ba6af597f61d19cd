//! The multi-version store: what a command does to the state, and what a request reads from it.
//!
//! Everything here is a function of the tables and the command: no clock, no chance, no waiting. So
//! every voter that applies the same log comes to the same state.
//!
//! | table | key | value |
//! |---|---|---|
//! | `current` | key | its newest `KeyValue`, where it is not deleted |
//! | `revisions` | (revision, place in it) | the `Event` that happened |
//! | `history` | (key, revision) | the place in the revision |
//! | `leases` | id | granted seconds |
//! | `lease_keys` | (id, key) | – |
//! | `meta` | name | see [`meta`] |
//!
//! Nothing of `revisions` and `history` is forgotten before a compaction allows it.

mod apply;
mod check;
mod compact;
mod compare;
mod copy;
mod delete;
mod hash;
mod history;
mod interval;
mod leap;
mod lease;
mod level;
pub mod meta;
mod put;
mod range;
mod restore;
mod tables;
mod txn;

pub use apply::{Change, Writer};
pub use check::{Malformed, check_command, check_range};
pub use copy::{copy, copy_facts, used};
pub use hash::{hash_all, hash_history};
pub use history::{events_between, with_previous};
pub use interval::Interval;
pub use lease::{count_leases, keys_of, leases};
pub use level::level;
pub use range::range;
pub use tables::{ReadTables, Tables, WriteTables, clear};
pub use txn::{read_txn, reads};

use crate::levels::{LevelError, Levels};
use crate::wire::{Refusal, SealError};
use thiserror::Error;

/// Why the state machine could not do something.
#[derive(Debug, Error)]
pub enum MvccError {
    /// A plain answer to the client; nothing was changed.
    #[error("refused: {0:?}")]
    Refused(Refusal),
    /// The storage failed: fatal.
    #[error("{0}")]
    Storage(String),
    /// What is stored makes no sense: fatal.
    #[error("the stored state is damaged: {0}")]
    Damaged(String),
    /// This version does not know what the state has come to: fatal.
    #[error(transparent)]
    Level(#[from] LevelError),
}

pub type Result<T, E = MvccError> = std::result::Result<T, E>;

impl From<Refusal> for MvccError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<prost::DecodeError> for MvccError {
    fn from(error: prost::DecodeError) -> Self {
        Self::Damaged(error.to_string())
    }
}

impl MvccError {
    /// What it means to a version of these levels that a batch cannot be read.
    pub fn unread(error: SealError, known: Levels) -> Self {
        match error {
            SealError::Newer(level) => LevelError::Outgrown { level, known }.into(),
            SealError::Damaged(cause) => Self::Damaged(cause),
        }
    }
}

macro_rules! from_redb {
    ($($error:ident),*) => {
        $(impl From<redb::$error> for MvccError {
            fn from(error: redb::$error) -> Self {
                Self::Storage(error.to_string())
            }
        })*
    };
}

from_redb!(StorageError, TableError, TransactionError, CommitError, SetDurabilityError);

#[cfg(test)]
mod tests;
