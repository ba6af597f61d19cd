use super::LogStore;
use super::store::PURGED;
use crate::machine::Progress;
use crate::raft::{Entry, LogId, Proposal, Vote};
use openraft::storage::{RaftLogStorage, RaftLogStorageExt};
use openraft::{CommittedLeaderId, EntryPayload, RaftLogReader};
use std::path::Path;

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
    let (state, progress) = tokio::sync::watch::channel(Progress::default());
    log.follow(progress);
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
