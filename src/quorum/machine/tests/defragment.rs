//! The state's file is made smaller, while others read and write and whenever the process ends.

use super::super::twin::{Twin, path};
use super::super::{DefragmentError, defragment};
use super::*;
use mesoform_etcd::pb::{CompactionRequest, DeleteRangeRequest};
use std::fs;
use tokio_util::sync::CancellationToken;

const MIB: u64 = 1024 * 1024;

fn plenty() -> Headroom {
    headroom(|| u64::MAX / 4)
}

fn puts(keys: std::ops::Range<usize>, size: usize) -> Vec<Kind> {
    let one = |n| PutRequest {
        key: format!("k{n:06}").into(),
        value: vec![u8::try_from(n % 251).unwrap(); size].into(),
        ..Default::default()
    };
    keys.map(|n| Kind::Put(one(n))).collect()
}

/// Deletes some keys, and forgets what was before.
fn forget(from: &'static str, to: &'static str, revision: i64) -> Vec<Kind> {
    let delete = DeleteRangeRequest { key: from.into(), range_end: to.into(), prev_kv: false };
    let compact = CompactionRequest { revision, physical: true };
    vec![Kind::DeleteRange(delete), Kind::Compact(compact)]
}

/// A state of 200 keys, whose file has held ten times as many, with a lease.
async fn grown(dir: &Path) -> (Machine, Arc<State>) {
    let (mut machine, state) = machine(dir);
    for (index, first) in (0..2000).step_by(500).enumerate() {
        let at = u64::try_from(index).unwrap() + 1;
        machine.apply([entry(at, puts(first..first + 500, 8 * 1024))]).await.unwrap();
    }
    let lease = Kind::LeaseGrant(LeaseGrantRequest { ttl: 60, id: 7 });
    let leased = Kind::Put(PutRequest { key: "l".into(), lease: 7, ..Default::default() });
    machine.apply([entry(5, vec![lease, leased])]).await.unwrap();
    let revision = state.now().revision + 1;
    machine.apply([entry(6, forget("k000200", "k999999", revision))]).await.unwrap();
    (machine, state)
}

/// All that can be told of a state.
#[derive(Debug, PartialEq)]
struct Told {
    applied: Option<LogId>,
    hash: u32,
    history: u32,
    leases: Vec<(i64, i64)>,
    leased: Vec<Bytes>,
}

fn told(state: &State) -> Told {
    let tables = state.read().unwrap();
    Told {
        applied: state.applied().unwrap().0,
        hash: crate::mvcc::hash_all(&tables).unwrap(),
        history: crate::mvcc::hash_history(&tables, 0).unwrap(),
        leases: crate::mvcc::leases(&tables).unwrap(),
        leased: crate::mvcc::keys_of(&tables, 7).unwrap(),
    }
}

async fn shrink(state: &Arc<State>, headroom: Headroom) -> Result<(), DefragmentError> {
    defragment(state.clone(), headroom, CancellationToken::new()).await
}

/// What lies there, without what is hidden.
fn names(dir: &Path) -> Vec<String> {
    let names = fs::read_dir(dir).unwrap();
    names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[tokio::test]
async fn the_file_shrinks_and_holds_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let (mut machine, state) = grown(dir.path()).await;
    let (before, size) = (told(&state), state.size());
    let view = state.read().unwrap();
    let in_use = state.in_use().unwrap();
    assert!(size > 16 * MIB && in_use < size / 4, "{in_use} of {size}");
    assert!(state.reusable() > size / 2, "{} of {size}", state.reusable());
    shrink(&state, plenty()).await.unwrap();
    assert_eq!(told(&state), before);
    assert!(state.size() < in_use * 3 / 2, "{} for {in_use}", state.size());
    assert!(state.in_use().unwrap() <= in_use * 11 / 10);
    assert_eq!(names(dir.path()), ["state.redb"]);
    // Who has begun to read before, reads on in the old file.
    assert_eq!(crate::mvcc::hash_all(&view).unwrap(), before.hash);
    drop(view);
    // It goes on, and all of it is there at the next start.
    machine.apply([entry(7, puts(0..10, 100))]).await.unwrap();
    let after = told(&state);
    assert_ne!(after, before);
    drop((machine, state));
    assert_eq!(told(&super::state(dir.path())), after);
}

#[tokio::test]
async fn what_is_written_meanwhile_is_in_it() {
    let dir = tempfile::tempdir().unwrap();
    let (mut machine, state) = grown(dir.path()).await;
    let twin = Twin::make(state.clone()).unwrap();
    let view = twin.begin().unwrap();
    machine.apply([entry(7, puts(0..300, 3000))]).await.unwrap();
    let twin = twin.copy(&view, || Ok(())).unwrap();
    drop(view);
    let revoke = Kind::LeaseRevoke(mesoform_etcd::pb::LeaseRevokeRequest { id: 7 });
    machine.apply([entry(8, vec![revoke, put("a", "1")])]).await.unwrap();
    let (twin, behind) = twin.catch_up().unwrap();
    assert!(behind);
    let revision = state.now().revision;
    machine.apply([entry(9, forget("k000100", "k000150", revision - 3))]).await.unwrap();
    // A flush notes something that no command says.
    machine.get_snapshot_builder().await.build_snapshot().await.unwrap();
    let before = told(&state);
    twin.take_place().unwrap();
    assert_eq!(told(&state), before);
    assert!(state.has_snapshot().unwrap());
    machine.apply([entry(10, puts(0..3, 10))]).await.unwrap();
    assert_eq!(told(&state).applied, Some(log_id(10)));
}

/// SIGKILL leaves the files as they are: so a copy of them is what the next life finds.
#[tokio::test]
async fn whenever_the_process_ends_the_state_is_whole() {
    let dir = tempfile::tempdir().unwrap();
    let (mut machine, state) = grown(dir.path()).await;
    // What is on disk for sure; the rest the log has.
    machine.get_snapshot_builder().await.build_snapshot().await.unwrap();
    let flushed = told(&state);
    let killed = |wanted: &Told, when: &str| {
        let next = tempfile::tempdir().unwrap();
        for name in names(dir.path()) {
            fs::copy(dir.path().join(&name), next.path().join(&name)).unwrap();
        }
        let state = super::state(next.path());
        assert_eq!(told(&state), *wanted, "{when}");
        assert_eq!(names(next.path()), ["state.redb"], "{when}");
    };
    let twin = Twin::make(state.clone()).unwrap();
    killed(&flushed, "when the new file was made");
    let view = twin.begin().unwrap();
    let steps = std::cell::Cell::new(0);
    let twin = twin.copy(&view, || {
        steps.set(steps.get() + 1);
        killed(&flushed, "while it is copied");
        Ok(())
    });
    let twin = twin.unwrap();
    assert!(steps.get() > 0);
    drop(view);
    machine.apply([entry(7, puts(0..10, 100))]).await.unwrap();
    let (twin, _) = twin.catch_up().unwrap();
    killed(&flushed, "before it takes the place");
    let written = told(&state);
    twin.take_place().unwrap();
    killed(&written, "after it has taken the place");
}

#[tokio::test]
async fn without_room_for_the_copy_it_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (_machine, state) = grown(dir.path()).await;
    let (before, size, in_use) = (told(&state), state.size(), state.in_use().unwrap());
    let refused = shrink(&state, headroom(move || in_use + 7 * MIB)).await.unwrap_err();
    assert!(matches!(refused, DefragmentError::NoRoom(_)), "{refused}");
    // And when the room goes while it is copied.
    let asked = std::sync::atomic::AtomicU64::new(0);
    let goes = headroom(move || match asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
        // Asked for the reserve, and for the whole.
        0 | 1 => in_use + 9 * MIB,
        _ => 7 * MIB,
    });
    let refused = shrink(&state, goes).await.unwrap_err();
    assert!(matches!(refused, DefragmentError::NoRoom(_)), "{refused}");
    assert_eq!((told(&state), state.size()), (before, size));
    assert_eq!(names(dir.path()), ["state.redb"]);
    shrink(&state, headroom(move || in_use + 9 * MIB)).await.unwrap();
}

#[tokio::test]
async fn what_cannot_be_remembered_ends_it() {
    let dir = tempfile::tempdir().unwrap();
    let (mut machine, state) = grown(dir.path()).await;
    let twin = Twin::make(state.clone()).unwrap();
    let view = twin.begin().unwrap();
    let snapshot = machine.get_snapshot_builder().await.build_snapshot().await.unwrap();
    machine.install_snapshot(&snapshot.meta, snapshot.snapshot).await.unwrap();
    let ended = twin.copy(&view, || Ok(())).map(drop).unwrap_err();
    assert!(matches!(ended, DefragmentError::Replaced), "{ended}");
    drop(view);
    let twin = Twin::make(state.clone()).unwrap();
    let view = twin.begin().unwrap();
    for index in 7..20 {
        machine.apply([entry(index, puts(0..6, 1 << 20))]).await.unwrap();
    }
    let ended = twin.copy(&view, || Ok(())).map(drop).unwrap_err();
    assert!(matches!(ended, DefragmentError::TooMuch), "{ended}");
    drop(view);
    assert_eq!(names(dir.path()), ["state.redb"]);
    assert!(!path(&dir.path().join("state.redb")).exists());
    shrink(&state, plenty()).await.unwrap();
    assert_eq!(told(&state).applied, Some(log_id(19)));
}

#[tokio::test]
async fn it_ends_with_the_service_and_one_waits_for_the_other() {
    let dir = tempfile::tempdir().unwrap();
    let (_machine, state) = grown(dir.path()).await;
    let before = told(&state);
    let ending = CancellationToken::new();
    ending.cancel();
    let ended = defragment(state.clone(), plenty(), ending).await.unwrap_err();
    assert!(matches!(ended, DefragmentError::Ending), "{ended}");
    let (first, second) = tokio::join!(shrink(&state, plenty()), shrink(&state, plenty()));
    first.unwrap();
    second.unwrap();
    assert_eq!(told(&state), before);
}
