//! The quorum: the cluster's memory, as one voter of a replicated etcd v3 service.
//!
//! Consensus is openraft's; its log ([`log`]) and the state ([`machine`], [`mvcc`]) are in redb.
//! Clients speak etcd's API ([`api`]), voters their own protocol ([`peer`], [`wire`]).
//!
//! A write travels: `api` checks it, `propose` gathers it with others (at the leader, wherever that
//! is), the log keeps it, `machine` applies it, `watch` tells of it, and the reply goes back. A read
//! asks the leader how far the log is committed (`read_index`), waits until that is applied, and reads.

mod api;
mod audience;
mod backup;
mod blocking;
mod bootstrap;
mod compactor;
mod data_dir;
mod error;
mod files;
mod handover;
mod leadership;
mod lease;
mod levels;
mod log;
mod machine;
mod members;
mod meters;
mod mvcc;
mod peer;
mod port;
mod propose;
mod raft;
mod read_index;
mod run;
#[cfg(test)]
mod simulation;
mod space;
mod storage;
mod tuning;
mod watch;
mod wire;
mod workshop;

pub use backup::{About, Seeded, check as check_backup};
pub use error::QuorumError;
pub use levels::{LevelError, Levels, NEWEST as NEWEST_LEVEL};
pub use run::{run, serve};
pub use space::FreeSpace;
pub use tuning::Tuning;

use mesoform_settings::QuorumSettings;
use std::io::Read;
use std::path::PathBuf;

/// By how much the revisions leap when a quorum begins again from old data: more than any quorum
/// writes between a backup and its loss. As etcd's documentation advises.
pub const LEAP: i64 = 1_000_000_000;

/// Prepares what [`begin`] makes the data of the voter of `settings`, which may run meanwhile: as the
/// only voter of a new quorum it has the state of `backup`.
///
/// # Errors
/// The backup is unusable, or the disk refuses.
pub fn stage(settings: &QuorumSettings, backup: &mut impl Read) -> Result<Seeded, QuorumError> {
    backup::stage(settings, backup, LEAP)
}

/// The same with all that the voter has itself, its whole log included. It must not run, and what it has
/// stays as it is.
///
/// # Errors
/// It runs, it has no data or none that can be read, or the disk refuses.
pub fn stage_own(settings: &QuorumSettings) -> Result<Seeded, QuorumError> {
    backup::stage_own(settings, LEAP)
}

/// Makes what was prepared the data of the voter, which does not run. With `overwrite` what it has is put
/// aside, into the folder that is returned.
///
/// # Errors
/// It runs, nothing was prepared, it has data and `overwrite` is not set, or the disk refuses.
pub fn begin(settings: &QuorumSettings, overwrite: bool) -> Result<Option<PathBuf>, QuorumError> {
    workshop::begin(&settings.data_dir, overwrite)
}

/// Puts the data of a voter that does not run aside, into the folder that is returned: at its next
/// start it begins anew, under another id.
///
/// # Errors
/// It runs, or its data directory cannot be written.
pub fn put_aside(settings: &QuorumSettings) -> Result<Option<PathBuf>, QuorumError> {
    workshop::put_aside(&settings.data_dir)
}
