mod levels;
mod own;

use super::seed::Nobody;
use super::*;
use crate::data_dir;
use crate::machine::State;
use crate::mvcc::Tables;
use crate::raft::{Entry, LogId, Proposal};
use crate::wire::command::Kind;
use crate::wire::{Batch, Command};
use crate::workshop::begin;
use mesoform_etcd::pb::{KeyValue, PutRequest};
use mesoform_settings::{PkiPaths, QuorumSettings, Voter};
use openraft::{CommittedLeaderId, EntryPayload};
use prost::Message;
use redb::ReadableTable;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::sync::Arc;

fn settings(dir: &Path) -> QuorumSettings {
    let voter = |slot: u8| Voter {
        slot,
        name: format!("h{slot}"),
        peer: format!("127.0.0.1:{slot}"),
        client: format!("127.0.0.1:1{slot}"),
    };
    QuorumSettings {
        format: 1,
        cluster: "c".into(),
        slot: 2,
        voters: vec![voter(1), voter(2), voter(3)],
        listen_client: "127.0.0.1:0".parse().unwrap(),
        listen_peer: "127.0.0.1:0".parse().unwrap(),
        data_dir: dir.join("quorum"),
        pki: PkiPaths::in_dir(dir, "quorum"),
        heartbeat_ms: 50,
        election_timeout_ms: 300,
    }
}

fn state(path: &Path) -> State {
    State::open(path, 1 << 20, Arc::new(Nobody)).unwrap()
}

/// A backup of a state with `puts` puts of the same key.
fn backup(dir: &Path, puts: usize) -> File {
    let state = state(&dir.join("source.redb"));
    let commands = (0..puts).map(|at| {
        let (key, value) = ("k".into(), format!("{at}").into());
        Command::from(Kind::Put(PutRequest { key, value, ..Default::default() }))
    });
    let batch = Batch { commands: commands.collect() };
    let entry = Entry {
        log_id: LogId::new(CommittedLeaderId::new(1, 1), 1),
        payload: EntryPayload::Normal(Proposal(batch.encode_to_vec().into())),
    };
    state.replay(vec![entry]).unwrap();
    let path = dir.join("backup");
    let mut file =
        OpenOptions::new().read(true).write(true).create(true).truncate(true).open(path).unwrap();
    write(&state.read().unwrap(), "c", 0xabc, |bytes| file.write_all(&bytes).is_ok()).unwrap();
    file
}

fn whole(file: &mut File) -> &'static [u8] {
    let mut bytes = Vec::new();
    file.rewind().unwrap();
    file.read_to_end(&mut bytes).unwrap();
    bytes.leak()
}

/// The hidden things in the data directory.
fn hidden(settings: &QuorumSettings) -> Vec<String> {
    let entries = std::fs::read_dir(&settings.data_dir).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name.starts_with('.')).collect();
    names.sort();
    names
}

#[test]
fn a_backup_says_what_it_is_and_is_whole() {
    let dir = tempfile::tempdir().unwrap();
    let mut file = backup(dir.path(), 5);
    let about = check(&mut file).unwrap();
    assert_eq!(
        (about.revision, about.cluster.as_str(), about.cluster_id.as_str()),
        (6, "c", "abc")
    );
    // As etcdctl looks at it.
    assert_eq!(file.metadata().unwrap().len() % 512, 32);
}

#[test]
fn what_is_damaged_cut_newer_or_none_is_refused_in_words() {
    let dir = tempfile::tempdir().unwrap();
    let mut file = backup(dir.path(), 5);
    let whole = whole(&mut file);
    let refused = |bytes: &[u8]| {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        check(&mut file).unwrap_err().to_string()
    };
    let mut flipped = whole.to_vec();
    flipped[200] ^= 1;
    assert!(refused(&flipped).contains("checksum"));
    assert!(refused(&whole[..whole.len() - 40]).contains("not all of it"));
    assert!(refused(b"").contains("no backup"));
    assert!(refused(&[7; 4096]).contains("no backup"));
    let newer = String::from_utf8_lossy(&whole[..60]).replace("\"format\":1", "\"format\":9");
    assert!(
        refused(newer.as_bytes()).contains("damaged") || refused(newer.as_bytes()).contains("9")
    );
}

#[test]
fn a_seeded_voter_has_the_state_alone_under_new_ids_and_leaps() {
    let dir = tempfile::tempdir().unwrap();
    let settings = settings(dir.path());
    let mut file = backup(dir.path(), 5);
    let seeded = stage(&settings, &mut whole(&mut file), 1_000_000).unwrap();
    assert_eq!(seeded.revision, 1_000_006);
    assert_eq!(begin(&settings.data_dir, false).unwrap(), None);
    let record = data_dir::DataDir::open(&settings.data_dir, "c").unwrap();
    assert_eq!((record.node_id(), record.cluster_id()), (seeded.node_id, seeded.cluster_id));
    let state = state(&settings.data_dir.join(data_dir::STATE));
    let view = state.read().unwrap();
    assert_eq!((view.revision(), view.compacted()), (1_000_006, 1_000_006));
    let kv = view.current().get(&b"k"[..]).unwrap().unwrap();
    let kv = KeyValue::decode(kv.value()).unwrap();
    assert_eq!((kv.value.as_ref(), kv.mod_revision, kv.create_revision), (&b"4"[..], 6, 2));
    drop(record);
    // Once more elsewhere: another id, another cluster.
    let again = stage(&settings, &mut whole(&mut file), 1_000_000).unwrap();
    begin(&settings.data_dir, true).unwrap().unwrap();
    assert_ne!((again.node_id, again.cluster_id), (seeded.node_id, seeded.cluster_id));
}

#[test]
fn what_is_cut_on_its_way_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let settings = settings(dir.path());
    let bytes = whole(&mut backup(dir.path(), 5));
    let error = stage(&settings, &mut &bytes[..bytes.len() - 100], 1).unwrap_err().to_string();
    assert!(error.contains("not all of it is here"), "{error}");
    let full = std::io::Error::from(std::io::ErrorKind::StorageFull);
    let error = stage(&settings, &mut bytes.chain(Broken(Some(full))), 1).unwrap_err().to_string();
    let place = settings.data_dir.display().to_string();
    assert!(error.starts_with(&place) && error.contains("no storage space"), "{error}");
    assert!(error.contains("nothing was changed"), "{error}");
    assert_eq!(hidden(&settings), [".workshop"]);
    let error = begin(&settings.data_dir, true).unwrap_err();
    assert!(matches!(error, crate::QuorumError::NothingStaged { .. }), "{error}");
}

/// Fails where it is read.
struct Broken(Option<std::io::Error>);

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}
