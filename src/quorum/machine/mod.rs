//! The state machine: applies the log to the database, and makes and takes in snapshots.

mod apply;
mod defragment;
mod fill;
mod incoming;
mod open;
mod shell;
mod snapshot;
mod state;
mod tail;
mod transfer;
mod twin;
mod usage;
mod work;

pub use defragment::{DefragmentError, defragment};
pub use incoming::Incoming;
pub use shell::Machine;
pub use snapshot::SnapshotData;
pub use state::{Progress, State};
pub use transfer::write_out;
pub use usage::Size;

/// Hears what was applied, after it can be read and before its client is answered. It must not block.
pub trait Listener: Send + Sync + 'static {
    fn changed(&self, changes: Vec<crate::mvcc::Change>);
    /// A snapshot took the place of the state: whatever was remembered of it is void.
    fn replaced(&self, revision: i64);
}

#[cfg(test)]
mod tests;
