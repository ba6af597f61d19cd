use super::store::{PURGED, last_stored};
use super::{Cover, LogStore};
use crate::error::QuorumError;
use crate::machine::Progress;
use crate::raft::{Entry, LogId, Proposal, Vote};
use openraft::storage::{RaftLogStorage, RaftLogStorageExt};
use openraft::{CommittedLeaderId, EntryPayload, RaftLogReader};
use std::path::Path;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

fn open(dir: &Path) -> LogStore {
    LogStore::open(&dir.join("log.redb"), 1 << 20).unwrap()
}

/// Opens the log again, as soon as the writer of the one before has let go of it.
async fn reopen(dir: &Path) -> LogStore {
    loop {
        match LogStore::open(&dir.join("log.redb"), 1 << 20) {
            Ok(store) => return store,
            Err(_) => tokio::task::yield_now().await,
        }
    }
}

fn entries(indices: std::ops::Range<u64>) -> Vec<Entry> {
    indices
        .map(|index| Entry {
            log_id: log_id(index),
            payload: EntryPayload::Normal(Proposal(format!("entry {index}").into())),
        })
        .collect()
}

/// The log goes by a state that is told how far it has come; and what ends it.
fn follow(log: &mut LogStore) -> (watch::Sender<Progress>, CancellationToken) {
    let (state, progress) = watch::channel(Progress::default());
    let broken = CancellationToken::new();
    log.follow(Cover { progress, broken: broken.clone() });
    (state, broken)
}

fn applied(index: u64) -> Progress {
    Progress { applied: Some(log_id(index)), revision: 1 }
}

fn log_id(index: u64) -> LogId {
    LogId::new(CommittedLeaderId::new(1, 1), index)
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open(dir.path());
    assert!(log.is_empty());
    log.save_vote(&Vote::new_committed(3, 7)).await.unwrap();
    log.blocking_append(entries(1..10)).await.unwrap();
    log.save_committed(Some(log_id(4))).await.unwrap();
    log.purge(log_id(3)).await.unwrap();
    log.truncate(log_id(8)).await.unwrap();
    drop(log);

    let mut log = reopen(dir.path()).await;
    assert_eq!(log.read_vote().await.unwrap(), Some(Vote::new_committed(3, 7)));
    assert_eq!(log.read_committed().await.unwrap(), Some(log_id(4)));
    let state = log.get_log_state().await.unwrap();
    assert_eq!((state.last_purged_log_id, state.last_log_id), (Some(log_id(3)), Some(log_id(7))));
    assert_eq!(log.try_get_log_entries(0..100).await.unwrap(), entries(4..8));
}

#[tokio::test]
async fn it_reads_from_memory_and_disk_alike() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open(dir.path());
    log.blocking_append(entries(1..5)).await.unwrap();
    drop(log);
    let mut log = reopen(dir.path()).await;
    log.blocking_append(entries(5..9)).await.unwrap();
    for (from, to) in [(1, 9), (5, 9), (6, 7), (3, 6), (9, 12), (4, 4)] {
        let wanted = entries(from..to.min(9).max(from));
        assert_eq!(log.try_get_log_entries(from..to).await.unwrap(), wanted, "{from}..{to}");
    }
}

#[tokio::test]
async fn a_vote_is_relaxed_but_never_forgotten() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open(dir.path());
    log.save_vote(&Vote::new_committed(3, 7)).await.unwrap();
    log.relax_vote().await.unwrap();
    assert_eq!(log.read_vote().await.unwrap(), Some(Vote::new(3, 7)));
}

/// Raft cuts the log when a snapshot came, without waiting until the state has taken it in. If the power
/// failed in between, neither would hold the entries.
#[tokio::test]
async fn entries_only_go_when_the_state_holds_them() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open(dir.path());
    let (state, _) = follow(&mut log);
    log.blocking_append(entries(1..6)).await.unwrap();
    log.purge(log_id(5)).await.unwrap();
    tokio::task::yield_now().await;
    assert_eq!(log.get_log_state().await.unwrap().last_purged_log_id, Some(log_id(5)));
    assert_eq!(log.fact::<LogId>(PURGED).unwrap(), None, "it is not gone from the disk");

    state.send_replace(Progress { applied: Some(log_id(5)), revision: 5 });
    let gone = async {
        while log.fact::<LogId>(PURGED).unwrap() != Some(log_id(5)) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), gone).await.unwrap();
}

/// What goes on from a snapshot is nothing without it: it is neither acknowledged nor written before the
/// state has taken the snapshot in.
#[tokio::test]
async fn what_follows_a_snapshot_waits_for_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open(dir.path());
    let (state, broken) = follow(&mut log);
    log.blocking_append(entries(1..6)).await.unwrap();
    log.purge(log_id(20)).await.unwrap();
    let mut appending = log.clone();
    let appended = tokio::spawn(async move { appending.blocking_append(entries(21..24)).await });
    // A vote is written in the meantime, and all that was written before it.
    log.save_vote(&Vote::new(3, 7)).await.unwrap();
    assert!(!appended.is_finished());
    assert_eq!(log.read(0..100).unwrap(), entries(1..6), "what was there is still there");

    state.send_replace(applied(20));
    appended.await.unwrap().unwrap();
    drop((state, broken, log));
    let mut log = reopen(dir.path()).await;
    let found = log.get_log_state().await.unwrap();
    assert_eq!((found.last_purged_log_id, found.last_log_id), (Some(log_id(20)), Some(log_id(23))));
    assert_eq!(log.read(0..100).unwrap(), entries(21..24));
}

#[tokio::test]
async fn nothing_waits_for_a_state_that_is_broken() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open(dir.path());
    let (_state, broken) = follow(&mut log);
    log.purge(log_id(20)).await.unwrap();
    broken.cancel();
    log.blocking_append(entries(21..24)).await.unwrap_err();
    assert_eq!(log.read(0..100).unwrap(), []);
}

/// The power fails after a snapshot was taken in and before the log was cut for it. What followed used to be
/// written all the same.
#[tokio::test]
async fn a_hole_that_the_state_fills_is_cut_away() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open(dir.path());
    log.blocking_append(entries(1..6)).await.unwrap();
    log.blocking_append(entries(21..24)).await.unwrap();
    log.join(Path::new("log"), Some(log_id(21))).await.unwrap();
    drop(log);
    let mut log = reopen(dir.path()).await;
    let found = log.get_log_state().await.unwrap();
    assert_eq!((found.last_purged_log_id, found.last_log_id), (Some(log_id(21)), Some(log_id(23))));
    assert_eq!(log.read(0..100).unwrap(), entries(22..24));
    log.join(Path::new("log"), Some(log_id(21))).await.unwrap();
}

#[tokio::test]
async fn a_hole_that_nothing_fills_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open(dir.path());
    log.blocking_append(entries(0..6)).await.unwrap();
    let join = |log: LogStore, state| async move {
        match log.join(Path::new("d/log.redb"), state).await {
            Ok(()) => None,
            Err(QuorumError::Gap { applied, first, last, .. }) => Some((applied, first, last)),
            Err(error) => panic!("{error}"),
        }
    };
    assert_eq!(join(log.clone(), None).await, None);
    log.blocking_append(entries(9..12)).await.unwrap();
    assert_eq!(join(log.clone(), Some(log_id(5))).await, Some((5, 6, 8)));
    assert_eq!(join(log.clone(), Some(log_id(7))).await, Some((7, 8, 8)));
    // It was not touched.
    assert_eq!(log.read(0..100).unwrap().len(), 9);
    assert_eq!(join(log.clone(), Some(log_id(8))).await, None);
    // The state is older than the log.
    assert_eq!(join(log.clone(), Some(log_id(3))).await, Some((3, 4, 8)));
    let error = log.join(Path::new("d/log.redb"), None).await.unwrap_err().to_string();
    assert!(
        error.starts_with("d/log.redb: ") && error.contains("lacks the entries 0 to 8"),
        "{error}"
    );
}

/// Only what this voter wrote itself, as the leader of the vote that is on its disk; and no change of
/// members.
#[tokio::test]
async fn only_a_leaders_own_entries_run_ahead() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open(dir.path());
    let own = entries(1..3);
    log.save_vote(&Vote::new_committed(1, 1)).await.unwrap();
    assert!(!log.may_run_ahead(&own), "nobody's do before it is told whose");
    log.run_ahead(1);
    assert!(log.may_run_ahead(&own));
    let members =
        Entry { log_id: log_id(3), payload: EntryPayload::Membership(Default::default()) };
    assert!(!log.may_run_ahead(&[own[0].clone(), members]));
    for vote in [Vote::new(2, 1), Vote::new_committed(2, 1), Vote::new_committed(2, 3)] {
        log.save_vote(&vote).await.unwrap();
        assert!(!log.may_run_ahead(&own), "{vote}");
    }
    drop(log);
    let mut log = reopen(dir.path()).await;
    log.run_ahead(3);
    let mut others = entries(1..2);
    others[0].log_id.leader_id = CommittedLeaderId::new(2, 3);
    assert!(log.may_run_ahead(&others) && !log.may_run_ahead(&own), "the vote is read again");
}

#[tokio::test]
async fn what_counts_as_committed_is_on_the_disk() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open(dir.path());
    log.run_ahead(1);
    log.save_vote(&Vote::new_committed(1, 1)).await.unwrap();
    for first in (1..200).step_by(2) {
        log.blocking_append(entries(first..first + 2)).await.unwrap();
        log.save_committed(Some(log_id(first))).await.unwrap();
        assert!(last_stored(&log.database).unwrap() >= Some(log_id(first)));
    }
    log.blocking_append(entries(201..210)).await.unwrap();
    log.all_flushed().await.unwrap();
    assert_eq!(last_stored(&log.database).unwrap(), Some(log_id(209)));
}
