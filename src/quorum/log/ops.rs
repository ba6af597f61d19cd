use crate::raft::{Config, LogId, Vote};
use openraft::storage::LogFlushed;
use tokio::sync::oneshot;

/// Says that something is on disk, or why it is not.
pub type Done = oneshot::Sender<Result<(), String>>;

/// What the writer is asked to do, strictly in order.
pub enum Op {
    Append {
        entries: Vec<(u64, Vec<u8>)>,
        last: Option<LogId>,
        /// None: nobody waits for it here (see [`super::ahead`]).
        done: Option<LogFlushed<Config>>,
    },
    Vote {
        vote: Vote,
        done: Done,
    },
    /// Not waited for: a hint that may be lost.
    Committed(LogId),
    /// Removes the entries from this index on.
    Truncate {
        from: u64,
        done: Done,
    },
    /// Removes the entries up to this one.
    Purge {
        upto: LogId,
        done: Done,
    },
}

impl Op {
    pub fn committed(&self) -> Option<LogId> {
        match self {
            Self::Committed(committed) => Some(*committed),
            _ => None,
        }
    }

    /// Whether it is about more than entries.
    pub fn has_facts(&self) -> bool {
        matches!(self, Self::Vote { .. } | Self::Purge { .. })
    }

    /// The last entry that it writes.
    pub fn last(&self) -> Option<LogId> {
        match self {
            Self::Append { last, .. } => *last,
            _ => None,
        }
    }

    /// Tells whoever waits how it went.
    pub fn finish(self, result: Result<(), String>) {
        match self {
            Self::Append { done: Some(done), .. } => {
                done.log_io_completed(result.map_err(std::io::Error::other));
            }
            Self::Append { done: None, .. } | Self::Committed(_) => {}
            Self::Vote { done, .. } | Self::Truncate { done, .. } | Self::Purge { done, .. } => {
                // Nobody listens any more when the service is ending.
                let _ = done.send(result);
            }
        }
    }
}
