use super::{all, entry, log_id, machine, put, state};
use openraft::RaftSnapshotBuilder;
use openraft::storage::RaftStateMachine;

#[tokio::test]
async fn what_was_applied_is_read_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let (mut machine, state) = machine(dir.path());
    let before = state.read().unwrap();
    for index in 1..=300 {
        machine.apply([entry(index, vec![put("a", index.to_string())])]).await.unwrap();
        if index % 7 == 0 {
            assert_eq!(all(&state)[0].value, index.to_string());
        }
    }
    let tables = state.read().unwrap();
    assert_eq!(crate::mvcc::Tables::revision(&tables), 301);
    assert_eq!(crate::mvcc::Tables::revision(&before), 1, "a view stays as it was");
}

/// A process can end at any time, and the log holds what was not flushed. But what a snapshot stands for
/// may have gone from the log.
#[tokio::test]
async fn what_nobody_read_goes_with_the_process_and_what_a_snapshot_holds_does_not() {
    let dir = tempfile::tempdir().unwrap();
    let (mut ours, held) = machine(dir.path());
    ours.apply([entry(1, vec![put("a", "1")])]).await.unwrap();
    ours.apply([entry(2, vec![put("b", "2")])]).await.unwrap();
    let mut builder = ours.get_snapshot_builder().await;
    let snapshot = builder.build_snapshot().await.unwrap();
    assert_eq!(snapshot.meta.last_log_id, Some(log_id(2)));
    ours.apply([entry(3, vec![put("c", "3")])]).await.unwrap();
    assert_eq!(held.now().applied, Some(log_id(3)));
    drop((ours, held, builder, snapshot));

    let state = state(dir.path());
    assert!(state.now().applied >= Some(log_id(2)));
    assert!(all(&state).len() >= 2);
}

/// The database would answer with less than was acknowledged, and go on from that.
#[tokio::test]
async fn nothing_is_read_or_applied_after_something_was_lost() {
    let dir = tempfile::tempdir().unwrap();
    let (mut machine, state) = machine(dir.path());
    machine.apply([entry(1, vec![put("a", "1")])]).await.unwrap();
    state.open.lock().unwrap().lose();
    assert!(state.read().is_err());
    machine.apply([entry(2, vec![put("b", "2")])]).await.unwrap_err();
    assert!(state.broken().is_cancelled(), "Raft ends with it");
    assert!(machine.get_snapshot_builder().await.build_snapshot().await.is_err());
    assert_eq!(state.now().applied, Some(log_id(1)));
}

/// As where the new file of a defragmentation may not keep its name: nothing may go into it.
#[tokio::test]
async fn nothing_is_applied_once_the_state_is_broken() {
    let dir = tempfile::tempdir().unwrap();
    let (mut machine, state) = machine(dir.path());
    state.broken().cancel();
    machine.apply([entry(1, vec![put("a", "1")])]).await.unwrap_err();
    assert_eq!(state.now().applied, None);
}
