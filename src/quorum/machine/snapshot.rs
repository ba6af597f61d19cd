use super::{Incoming, State};
use crate::mvcc::{self, MvccError, ReadTables, Tables, meta};
use crate::raft::{LogId, SnapshotMeta};
use crate::space::NoRoom;
use bytes::Bytes;
use std::fmt;
use std::io;

/// A snapshot's content: a view of our own state, or a file of what another voter sent.
///
/// The state is always on disk, so "building" a snapshot only flushes it; it is written out when a
/// voter needs it, straight from the view into the connection.
pub enum SnapshotData {
    View(Box<ReadTables>),
    Received(Incoming),
}

impl fmt::Debug for SnapshotData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::View(_) => "SnapshotData::View",
            Self::Received(_) => "SnapshotData::Received",
        })
    }
}

impl SnapshotData {
    /// Takes in a chunk of what another voter sends.
    ///
    /// # Errors
    /// The disk has no room for it, or refuses it.
    pub fn receive(&mut self, chunk: &Bytes) -> io::Result<()> {
        match self {
            Self::Received(incoming) => incoming.receive(chunk),
            Self::View(_) => Err(io::Error::other("a snapshot of our own cannot be written")),
        }
    }

    /// Whether there is room for the state that it makes.
    ///
    /// # Errors
    /// There is none.
    pub fn check(&self) -> Result<(), NoRoom> {
        match self {
            Self::Received(incoming) => incoming.check(),
            Self::View(_) => Ok(()),
        }
    }
}

impl State {
    /// A snapshot of the state as it is now, with what it holds.
    pub(super) fn snapshot(&self) -> mvcc::Result<(SnapshotMeta, SnapshotData)> {
        let tables = self.read()?;
        let applied: Option<LogId> = meta::get(tables.meta(), meta::APPLIED)?;
        let membership = meta::get(tables.meta(), meta::MEMBERSHIP)?.unwrap_or_default();
        let meta = SnapshotMeta {
            last_log_id: applied,
            last_membership: membership,
            snapshot_id: applied.map_or_else(|| "empty".to_owned(), |id| id.to_string()),
        };
        Ok((meta, SnapshotData::View(Box::new(tables))))
    }

    /// Whether the log may have been cut where a snapshot stands for it.
    pub(super) fn has_snapshot(&self) -> mvcc::Result<bool> {
        let built: Option<bool> = meta::get(self.read()?.meta(), meta::SNAPSHOT)?;
        Ok(built.unwrap_or(false))
    }
}

impl From<io::Error> for MvccError {
    fn from(error: io::Error) -> Self {
        Self::Storage(error.to_string())
    }
}
