//! The quorum: the cluster's memory, as one voter of a replicated etcd v3 service.
//!
//! Consensus is openraft's; its log ([`log`]) and the state ([`machine`], [`mvcc`]) are in redb.
//! Clients speak etcd's API ([`api`]), voters their own protocol ([`peer`], [`wire`]).
//!
//! A write travels: `api` checks it, `propose` gathers it with others (at the leader, wherever that
//! is), the log keeps it, `machine` applies it, `watch` tells of it, and the reply goes back. A read
//! asks the leader how far the log is committed (`read`), waits until that is applied, and reads.

mod api;
mod bootstrap;
mod compactor;
mod data_dir;
mod error;
mod leadership;
mod lease;
mod listener;
mod log;
mod machine;
mod members;
mod mvcc;
mod peer;
mod propose;
mod raft;
mod read;
mod run;
mod serve;
mod storage;
mod tuning;
mod watch;
mod wire;

pub use error::QuorumError;
pub use run::{run, serve};
pub use tuning::Tuning;

use mesoform_settings::QuorumSettings;
use std::path::PathBuf;

/// Puts the data of a voter that does not run aside, into the folder that is returned: at its next
/// start it begins anew, under another id.
///
/// # Errors
/// It runs, or its data directory cannot be written.
pub fn put_aside(settings: &QuorumSettings) -> Result<Option<PathBuf>, QuorumError> {
    data_dir::put_aside(&settings.data_dir)
}
