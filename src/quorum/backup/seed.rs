use super::open;
use crate::bootstrap::cluster_id;
use crate::data_dir::DataDir;
use crate::error::{QuorumError, Result};
use crate::log::LogStore;
use crate::machine::{Listener, State};
use crate::mvcc::Change;
use crate::raft::{LogId, Member, Membership, SnapshotMeta};
use crate::workshop;
use mesoform_settings::QuorumSettings;
use openraft::CommittedLeaderId;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::sync::Arc;

/// What came of a backup that was put into a data directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seeded {
    pub cluster_id: u64,
    pub node_id: u64,
    /// The revision that the state has now.
    pub revision: i64,
}

/// Fills the empty data directory of the voter that `settings` describe: it becomes the only voter of a
/// new quorum with the state of the backup. All others join it.
///
/// The revisions leap by `bump`: whoever has seen more than is in the backup must not see one of those
/// revisions again with another content, and no fencing token may come twice. All that was before the
/// leap is compacted, so that whoever watches hears that he must begin anew; and all leases end.
///
/// # Errors
/// The backup is unusable, the directory has data or is in use, or the storage failed.
pub fn seed(settings: &QuorumSettings, backup: &mut File, bump: i64) -> Result<Seeded> {
    open(backup)?;
    let own = settings.voters.iter().find(|voter| voter.slot == settings.slot);
    let member = own.map(Member::from).ok_or(QuorumError::NoSuchSlot { slot: settings.slot })?;
    let path = &settings.data_dir;
    if workshop::has_data(path)? {
        return Err(QuorumError::HasData { path: path.clone() });
    }
    // Complete before it is the voter's: a start in between finds nothing.
    let folder = workshop::hidden(path, "seed")?;
    let mut record = DataDir::open(&folder, &settings.cluster)?;
    let id = record.node_id();
    let cluster_id = cluster_id(&settings.cluster, std::iter::once(&id));
    let revision = fill(&record, backup, &meta(id, member), bump)?;
    LogStore::open(&record.log(), CACHE)?.claim(&record.log(), &record.owner())?;
    record.remember_databases()?;
    record.remember_cluster(cluster_id)?;
    drop(record);
    workshop::move_in(&folder, path)?;
    Ok(Seeded { cluster_id, node_id: id, revision })
}

fn fill(record: &DataDir, backup: &mut File, meta: &SnapshotMeta, bump: i64) -> Result<i64> {
    let state = State::open(&record.state(), CACHE, Arc::new(Nobody))?;
    let failed = |e: crate::mvcc::MvccError| QuorumError::Backup { cause: e.to_string() };
    let revision = state.fill(meta, backup, bump).map_err(failed)?;
    state.claim(&record.owner())?;
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
