mod defragment;
mod incoming;
mod levels;
mod open;

use super::{Listener, Machine, SnapshotData, State, write_out};
use crate::log::LogStore;
use crate::mvcc::{Change, Tables};
use crate::raft::{Config, Entry, LogId, Proposal, StorageError};
use crate::space::{Alarms, FreeSpace, Headroom, Reusable};
use crate::wire::command::Kind;
use crate::wire::{Batch, reply};
use bytes::Bytes;
use mesoform_etcd::pb::{LeaseGrantRequest, PutRequest, RangeRequest};
use openraft::storage::RaftStateMachine;
use openraft::testing::{StoreBuilder, Suite};
use openraft::{CommittedLeaderId, EntryPayload, RaftSnapshotBuilder};
use prost::Message;
use std::path::Path;
use std::sync::{Arc, Mutex};
use tempfile::TempDir;

#[derive(Default)]
struct Ears(Mutex<Vec<Change>>);

impl Listener for Ears {
    fn changed(&self, changes: Vec<Change>) {
        self.0.lock().unwrap().extend(changes);
    }

    fn replaced(&self, _: i64) {}
}

fn state(dir: &Path) -> Arc<State> {
    Arc::new(State::open(&dir.join("state.redb"), 1 << 20, Arc::new(Ears::default())).unwrap())
}

fn machine(dir: &Path) -> (Machine, Arc<State>) {
    machine_with(dir, headroom(|| u64::MAX / 4))
}

fn machine_with(dir: &Path, headroom: Headroom) -> (Machine, Arc<State>) {
    let state = state(dir);
    (Machine::new(state.clone(), dir.to_owned(), headroom), state)
}

/// On a disk with so many bytes free, of which 8 MiB are to stay so, and none in the state.
fn headroom(free: impl Fn() -> u64 + Send + Sync + 'static) -> Headroom {
    let probe = FreeSpace::told_by(0, move |_| free());
    let reusable = Reusable::told_by(|| 0);
    Alarms::new(1, "/data".into(), probe, reusable, Arc::default()).unwrap().headroom()
}

fn entry(index: u64, commands: Vec<Kind>) -> Entry {
    let commands = commands.into_iter().map(Into::into).collect();
    let proposal = Proposal(Batch { commands }.encode_to_vec().into());
    Entry { log_id: log_id(index), payload: EntryPayload::Normal(proposal) }
}

fn log_id(index: u64) -> LogId {
    LogId::new(CommittedLeaderId::new(1, 1), index)
}

fn put(key: &'static str, value: impl Into<Bytes>) -> Kind {
    Kind::Put(PutRequest { key: key.into(), value: value.into(), ..Default::default() })
}

fn all(state: &State) -> Vec<mesoform_etcd::pb::KeyValue> {
    let zero = Bytes::from_static(&[0]);
    let request = RangeRequest { key: zero.clone(), range_end: zero, ..Default::default() };
    crate::mvcc::range(&state.read().unwrap(), &request).unwrap().kvs
}

struct Builder;

impl StoreBuilder<Config, LogStore, Machine, TempDir> for Builder {
    async fn build(&self) -> Result<(TempDir, LogStore, Machine), StorageError> {
        let dir = tempfile::tempdir().unwrap();
        let log = LogStore::open(&dir.path().join("log.redb"), 1 << 20).unwrap();
        let (machine, _) = machine(dir.path());
        Ok((dir, log, machine))
    }
}

#[test]
fn openrafts_storage_suite() {
    Suite::test_all(Builder).unwrap();
}

#[tokio::test]
async fn a_batch_is_answered_command_by_command() {
    let dir = tempfile::tempdir().unwrap();
    let (mut machine, state) = machine(dir.path());
    let replies = machine
        .apply([
            entry(1, vec![put("a", "1"), put("", "no key is fine here")]),
            entry(2, vec![put("a", "2")]),
        ])
        .await
        .unwrap();
    assert_eq!(replies.iter().map(|r| r.replies.len()).collect::<Vec<_>>(), [2, 1]);
    let Some(reply::Kind::Put(last)) = &replies[1].replies[0].kind else { panic!() };
    assert_eq!(last.header.unwrap().revision, 4);
    assert_eq!(state.now().revision, 4);
    assert_eq!(state.now().applied, Some(log_id(2)));
}

#[tokio::test]
async fn a_snapshot_makes_an_equal_state() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (mut source, from) = machine(here.path());
    let (mut target, to) = machine(there.path());
    let lease = Kind::LeaseGrant(LeaseGrantRequest { ttl: 60, id: 7 });
    let leased = Kind::Put(PutRequest { key: "l".into(), lease: 7, ..Default::default() });
    let large = put("large", vec![7; 700_000]);
    source
        .apply([entry(1, vec![lease, leased, put("a", "1"), large, put("a", "2")])])
        .await
        .unwrap();
    target.apply([entry(1, vec![put("gone", "1")])]).await.unwrap();

    let snapshot = source.get_snapshot_builder().await.build_snapshot().await.unwrap();
    let SnapshotData::View(view) = *snapshot.snapshot else { panic!() };
    let mut received = target.begin_receiving_snapshot().await.unwrap();
    let mut chunks = 0;
    write_out(&view, |chunk| {
        chunks += 1;
        received.receive(&chunk).unwrap();
        true
    })
    .unwrap();
    assert!(chunks > 1, "it comes in chunks");
    target.install_snapshot(&snapshot.meta, received).await.unwrap();

    assert_eq!(all(&from), all(&to));
    assert_eq!(from.now(), to.now());
    let (from_state, to_state) = (from, to);
    let (from, to) = (from_state.read().unwrap(), to_state.read().unwrap());
    assert_eq!(from.revision(), to.revision());
    assert_eq!(crate::mvcc::leases(&from).unwrap(), crate::mvcc::leases(&to).unwrap());
    let keys = |tables| crate::mvcc::keys_of(tables, 7).unwrap();
    assert_eq!(keys(&from), keys(&to));
    // Both go on alike.
    for machine in [&mut source, &mut target] {
        machine.apply([entry(2, vec![put("a", "3")])]).await.unwrap();
    }
    assert_eq!(all(&from_state), all(&to_state));
}

#[tokio::test]
async fn a_cut_or_damaged_snapshot_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (mut machine, state) = machine(dir.path());
    machine.apply([entry(1, vec![put("a", "1"), put("b", "2")])]).await.unwrap();
    let snapshot = machine.get_snapshot_builder().await.build_snapshot().await.unwrap();
    let SnapshotData::View(view) = *snapshot.snapshot else { panic!() };
    let mut bytes = Vec::new();
    write_out(&view, |chunk| {
        bytes.extend_from_slice(&chunk);
        true
    })
    .unwrap();
    let before = all(&state);
    for damage in [&bytes[..bytes.len() - 3], &bytes[..bytes.len() / 2], &[0xff; 40], &[]] {
        let mut received = machine.begin_receiving_snapshot().await.unwrap();
        received.receive(&Bytes::copy_from_slice(damage)).unwrap();
        assert!(machine.install_snapshot(&snapshot.meta, received).await.is_err());
        assert_eq!(all(&state), before);
    }
}

/// A snapshot is read from a view: it stands still while the state goes on, is never in memory as a
/// whole, and holds up nobody. `MESOFORM_LONG` makes it large.
#[tokio::test]
async fn a_large_snapshot_goes_in_chunks_while_writes_go_on() {
    let keys = if std::env::var("MESOFORM_LONG").is_ok() { 200_000 } else { 4_000 };
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (mut source, from) = machine(here.path());
    let (mut target, to) = machine(there.path());
    let mut index = 0;
    let puts = |from: usize| {
        let one = |n| PutRequest {
            key: format!("key/{n:08}").into(),
            value: vec![7; 256].into(),
            ..Default::default()
        };
        (from..from + 1000).map(|n| Kind::Put(one(n))).collect::<Vec<_>>()
    };
    for first in (0..keys).step_by(1000) {
        index += 1;
        source.apply([entry(index, puts(first))]).await.unwrap();
    }
    let snapshot = source.get_snapshot_builder().await.build_snapshot().await.unwrap();
    let SnapshotData::View(view) = *snapshot.snapshot else { panic!() };
    // The view is older than this.
    source.apply([entry(index + 1, vec![put("later", "1")])]).await.unwrap();
    let start = std::time::Instant::now();
    let mut received = target.begin_receiving_snapshot().await.unwrap();
    let (mut bytes, mut largest) = (0, 0);
    write_out(&view, |chunk| {
        bytes += chunk.len();
        largest = largest.max(chunk.len());
        received.receive(&chunk).unwrap();
        true
    })
    .unwrap();
    let sent = start.elapsed();
    target.install_snapshot(&snapshot.meta, received).await.unwrap();
    println!(
        "{keys} keys, {bytes} bytes: read in {sent:?}, installed in {:?}",
        start.elapsed() - sent
    );
    assert!(largest < 512 * 1024, "a chunk of {largest} bytes");
    assert_eq!(all(&to).len(), keys);
    assert_eq!(all(&from).len(), keys + 1);
    assert_eq!(to.now().applied, Some(log_id(index)));
}
