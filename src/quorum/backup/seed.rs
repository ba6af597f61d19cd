use super::{open, salvage};
use crate::bootstrap::cluster_id;
use crate::data_dir::DataDir;
use crate::error::{QuorumError, Result};
use crate::log::LogStore;
use crate::machine::{Listener, State};
use crate::mvcc::{Change, MvccError};
use crate::raft::{LogId, Member, Membership, SnapshotMeta};
use crate::workshop::Staging;
use mesoform_settings::QuorumSettings;
use openraft::CommittedLeaderId;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;

/// What came of a backup that was put into a data directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seeded {
    pub cluster_id: u64,
    pub node_id: u64,
    /// The revision that the state has now.
    pub revision: i64,
}

/// Prepares a data directory for the voter that `settings` describe, which may run meanwhile: with it, it
/// is the only voter of a new quorum with the state of the backup. All others join it. It waits until
/// [`crate::begin`] makes it the voter's.
///
/// The revisions leap by `bump`: whoever has seen more than is in the backup must not see one of those
/// revisions again with another content, and no fencing token may come twice. All that was before the
/// leap is compacted, so that whoever watches hears that he must begin anew; and all leases end.
///
/// # Errors
/// The backup is unusable, or the disk refuses.
pub fn stage(settings: &QuorumSettings, backup: &mut impl Read, bump: i64) -> Result<Seeded> {
    let staging = Staging::open(&settings.data_dir)?;
    let mut backup = staging.receive(backup)?;
    prepare(settings, staging, &mut backup, bump)
}

/// The same with all that the voter itself has, which must not run.
///
/// # Errors
/// It runs, has no data, or what it has cannot be read; or the disk refuses.
pub fn stage_own(settings: &QuorumSettings, bump: i64) -> Result<Seeded> {
    let staging = Staging::open(&settings.data_dir)?;
    let mut backup = salvage(settings, &staging)?;
    prepare(settings, staging, &mut backup, bump)
}

fn prepare(
    settings: &QuorumSettings,
    staging: Staging,
    backup: &mut File,
    bump: i64,
) -> Result<Seeded> {
    let about = open(backup)?;
    let own = settings.voters.iter().find(|voter| voter.slot == settings.slot);
    let member = own.map(Member::from).ok_or(QuorumError::NoSuchSlot { slot: settings.slot })?;
    let mut record = DataDir::open(&staging.new_data(), &settings.cluster)?;
    let id = record.node_id();
    let cluster_id = cluster_id(&settings.cluster, std::iter::once(&id));
    let revision = fill(&record, backup, &meta(id, member), bump).map_err(|e| match e {
        Unfilled::Voter(error) => error,
        Unfilled::State(MvccError::Storage(cause)) => staging.cannot()(io::Error::other(cause)),
        Unfilled::State(error) => QuorumError::Backup { cause: error.to_string() },
    })?;
    LogStore::open(&record.log(), CACHE)?.claim(&record.log(), &record.owner())?;
    record.remember_format(about.format)?;
    record.remember_databases()?;
    record.remember_cluster(cluster_id)?;
    drop(record);
    staging.keep()?;
    Ok(Seeded { cluster_id, node_id: id, revision })
}

/// Why a state could not be filled.
enum Unfilled {
    Voter(QuorumError),
    State(MvccError),
}

fn fill(
    record: &DataDir,
    backup: &mut File,
    meta: &SnapshotMeta,
    bump: i64,
) -> Result<i64, Unfilled> {
    let state = State::open(&record.state(), CACHE, Arc::new(Nobody)).map_err(Unfilled::Voter)?;
    let revision = state.fill(meta, backup, bump).map_err(Unfilled::State)?;
    state.claim(&record.owner()).map_err(Unfilled::Voter)?;
    Ok(revision)
}

/// For the filling alone.
const CACHE: usize = 64 << 20;

/// What the state is at first: the log before it is nobody's.
fn meta(id: u64, member: Member) -> SnapshotMeta {
    let at = LogId::new(CommittedLeaderId::new(0, 0), 1);
    let voters = vec![BTreeSet::from([id])];
    let members = openraft::Membership::new(voters, BTreeMap::from([(id, member)]));
    SnapshotMeta {
        last_log_id: Some(at),
        last_membership: Membership::new(Some(at), members),
        snapshot_id: "seed".to_owned(),
    }
}

/// Nobody watches a state that is being filled.
pub(super) struct Nobody;

impl Listener for Nobody {
    fn changed(&self, _: Vec<Change>) {}

    fn replaced(&self, _: i64) {}
}
