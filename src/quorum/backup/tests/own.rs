//! A new quorum from the data of one voter of a lost one.

use super::*;
use crate::log::LogStore;
use crate::workshop::begin;
use openraft::storage::RaftLogStorageExt;
use redb::TableDefinition;
use std::collections::BTreeMap;

const LOG: TableDefinition<u64, &[u8]> = TableDefinition::new("log");

fn entry(index: u64) -> Entry {
    let (key, value) = ("k".into(), format!("{index}").into());
    let put = Command::from(Kind::Put(PutRequest { key, value, ..Default::default() }));
    let batch = Batch { commands: vec![put] };
    Entry {
        log_id: LogId::new(CommittedLeaderId::new(1, 1), index),
        payload: EntryPayload::Normal(Proposal(batch.encode_to_vec().into())),
    }
}

/// A voter whose log has five entries, of which its state holds two.
async fn voter(settings: &QuorumSettings) {
    let mut record = data_dir::DataDir::open(&settings.data_dir, "c").unwrap();
    let state = state(&record.state());
    state.claim(&record.owner()).unwrap();
    state.replay(vec![entry(1), entry(2)]).unwrap();
    drop(state);
    let mut log = LogStore::open(&record.log(), 1 << 20).unwrap();
    log.claim(&record.log(), &record.owner()).unwrap();
    log.blocking_append((1..6).map(entry)).await.unwrap();
    drop(log);
    record.remember_databases().unwrap();
    record.remember_cluster(7).unwrap();
    closed(&record.log()).await;
}

/// Waits until the log's writer has let go of it.
async fn closed(log: &Path) {
    while redb::Database::open(log).is_err() {
        tokio::task::yield_now().await;
    }
}

/// The content of all files of the voter.
fn content(settings: &QuorumSettings) -> BTreeMap<&'static str, Vec<u8>> {
    content_in(&settings.data_dir)
}

fn content_in(folder: &Path) -> BTreeMap<&'static str, Vec<u8>> {
    let read = |name| (name, std::fs::read(folder.join(name)).unwrap());
    [data_dir::VOTER, data_dir::LOG, data_dir::STATE].into_iter().map(read).collect()
}

#[tokio::test]
async fn what_the_voter_has_stays_as_it_was_until_the_new_data_are_moved_in() {
    let dir = tempfile::tempdir().unwrap();
    let settings = settings(dir.path());
    voter(&settings).await;
    let before = content(&settings);
    // After all was read and replayed.
    let nobody = QuorumSettings { slot: 9, ..settings.clone() };
    stage_own(&nobody, 1_000).unwrap_err();
    assert!(content(&settings) == before, "what failed has changed the voter's own data");
    assert_eq!(hidden(&settings), [".workshop"], "nothing is left of what failed");

    let staged = stage_own(&settings, 1_000).unwrap();
    assert!(content(&settings) == before, "the voter's own data were changed");
    let aside = begin(&settings.data_dir, true).unwrap().unwrap();
    assert!(content_in(&aside) == before, "what was put aside was changed");
    let record = data_dir::DataDir::open(&settings.data_dir, "c").unwrap();
    assert_eq!((record.node_id(), record.cluster_id()), (staged.node_id, staged.cluster_id));
    let state = state(&record.state());
    // All that the log had: nobody was told that it failed.
    let view = state.read().unwrap();
    let kv = view.current().get(&b"k"[..]).unwrap().unwrap();
    assert_eq!(KeyValue::decode(kv.value()).unwrap().value.as_ref(), b"5");
}

#[tokio::test]
async fn a_gap_in_the_log_is_found_wherever_it_is() {
    for missing in 3..5 {
        let dir = tempfile::tempdir().unwrap();
        let settings = settings(dir.path());
        voter(&settings).await;
        let log = redb::Database::open(settings.data_dir.join(data_dir::LOG)).unwrap();
        let write = log.begin_write().unwrap();
        write.open_table(LOG).unwrap().remove(missing).unwrap();
        write.commit().unwrap();
        drop(log);
        let before = content(&settings);
        let error = stage_own(&settings, 1_000).unwrap_err().to_string();
        let place = settings.data_dir.join(data_dir::LOG).display().to_string();
        let words = [
            format!("{place}: no quorum can begin from this"),
            format!("goes to entry 5, but has no entry {missing}"),
            "the state ends with entry 2".to_owned(),
            "restore a backup".to_owned(),
        ];
        assert!(words.iter().all(|words| error.contains(words)), "{error}");
        assert!(content(&settings) == before);
    }
}

#[tokio::test]
async fn what_cannot_be_begun_from_is_told_with_its_own_place() {
    let dir = tempfile::tempdir().unwrap();
    let settings = settings(dir.path());
    let told = |settings: &QuorumSettings| stage_own(settings, 1).unwrap_err().to_string();
    let place = |name| settings.data_dir.join(name).display().to_string();
    let error = told(&settings);
    assert!(error.starts_with(&place(data_dir::VOTER)) && error.contains("missing"), "{error}");
    // One that has only heard of a quorum would begin an empty one.
    let mut record = data_dir::DataDir::open(&settings.data_dir, "c").unwrap();
    drop((state(&record.state()), LogStore::open(&record.log(), 1 << 20).unwrap()));
    closed(&record.log()).await;
    record.remember_cluster(7).unwrap();
    drop(record);
    assert!(told(&settings).contains("has never had anything"));
    std::fs::remove_dir_all(&settings.data_dir).unwrap();
    voter(&settings).await;
    let running = data_dir::DataDir::open(&settings.data_dir, "c").unwrap();
    assert!(told(&settings).contains("another process uses this"));
    drop(running);
    std::fs::write(settings.data_dir.join(data_dir::STATE), [7; 5000]).unwrap();
    let error = told(&settings);
    assert!(error.starts_with(&place(data_dir::STATE)), "{error}");
    assert!(error.contains("nothing was changed") && !error.contains(".staging"), "{error}");
}
