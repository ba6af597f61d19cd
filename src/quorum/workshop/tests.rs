use super::begin::{REPLACED, STAGED};
use super::*;
use crate::data_dir::DataDir;

const NEW: u64 = 8;
const OLD: u64 = 7;

/// A voter's data that were part of the quorum `cluster_id`; its id.
fn make(path: &Path, cluster_id: u64) -> u64 {
    let mut record = DataDir::open(path, "c").unwrap();
    record.remember_cluster(cluster_id).unwrap();
    for name in [LOG, STATE] {
        fs::write(path.join(name), format!("{name} of {cluster_id}")).unwrap();
    }
    record.node_id()
}

fn stage(data: &Path) -> u64 {
    let staging = Staging::open(data).unwrap();
    let id = make(&staging.new_data(), NEW);
    staging.keep().unwrap();
    id
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

fn hidden(data: &Path) -> Vec<String> {
    let names = fs::read_dir(data).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with('.') && name != ".workshop").collect()
}

#[test]
fn what_is_put_aside_is_kept_and_a_new_voter_begins() {
    let dir = tempfile::tempdir().unwrap();
    let first = DataDir::open(dir.path(), "c").unwrap();
    assert!(matches!(put_aside(dir.path()), Err(QuorumError::Locked { .. })));
    let id = first.node_id();
    drop(first);
    let aside = put_aside(dir.path()).unwrap().unwrap();
    assert!(aside.join(VOTER).exists());
    assert_eq!(put_aside(dir.path()).unwrap(), None);
    assert_eq!(put_aside(&dir.path().join("none")).unwrap(), None);
    assert_ne!(DataDir::open(dir.path(), "c").unwrap().node_id(), id);
}

#[test]
fn data_that_came_meanwhile_are_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    stage(dir.path());
    let id = make(dir.path(), OLD);
    let error = begin(dir.path(), false).unwrap_err();
    assert!(matches!(error, QuorumError::HasData { .. }), "{error}");
    assert_eq!(DataDir::open(dir.path(), "c").unwrap().node_id(), id);
    // Whoever is asked again may say so.
    let aside = begin(dir.path(), true).unwrap().unwrap();
    assert_eq!(read(&aside.join(LOG)), "log.redb of 7");
}

#[test]
fn a_voter_that_was_never_in_a_quorum_has_nothing_to_lose() {
    let dir = tempfile::tempdir().unwrap();
    let blank = DataDir::open(dir.path(), "c").unwrap().node_id();
    let id = stage(dir.path());
    let aside = begin(dir.path(), false).unwrap().unwrap();
    assert_eq!(DataDir::open(&aside, "c").unwrap().node_id(), blank);
    assert_eq!(DataDir::open(dir.path(), "c").unwrap().node_id(), id);
    // A record that cannot be read says nothing.
    fs::write(dir.path().join(VOTER), "{}").unwrap();
    stage(dir.path());
    assert!(matches!(begin(dir.path(), false), Err(QuorumError::HasData { .. })));
}

#[test]
fn only_one_prepares_and_what_others_left_is_removed() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir_all(dir.path().join(".staging-killed/own")).unwrap();
    let staging = Staging::open(dir.path()).unwrap();
    assert!(!dir.path().join(".staging-killed").exists());
    let error = Staging::open(dir.path()).unwrap_err().to_string();
    assert!(error.contains("somebody else"), "{error}");
    drop(staging);
    assert!(hidden(dir.path()).is_empty());
    // The last one that got ready counts.
    stage(dir.path());
    let id = stage(dir.path());
    begin(dir.path(), false).unwrap();
    assert_eq!(DataDir::open(dir.path(), "c").unwrap().node_id(), id);
    assert!(hidden(dir.path()).is_empty());
}

/// The moves in their order, each between the data directory and the folder of the new data.
const MOVES: [(&str, bool); 6] =
    [(VOTER, false), (STATE, false), (LOG, false), (LOG, true), (STATE, true), (VOTER, true)];

#[test]
fn what_was_interrupted_at_any_move_is_finished_by_whoever_comes_next() {
    for moves in 0..=MOVES.len() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path();
        let old = make(data, OLD);
        let new = stage(data);
        let begun = data.join(".begun");
        fs::rename(data.join(STAGED), &begun).unwrap();
        for (name, into) in &MOVES[..moves] {
            let (from, to) = match into {
                true => (begun.join(name), data.join(name)),
                false => (data.join(name), begun.join(REPLACED).join(name)),
            };
            fs::rename(from, to).unwrap();
        }
        // As the voter does when it starts.
        assert_eq!(DataDir::open(data, "c").unwrap().node_id(), new, "after {moves} moves");
        assert_eq!(read(&data.join(STATE)), "state.redb of 8");
        let [aside] = &hidden(data)[..] else { panic!("{:?}", hidden(data)) };
        let aside = data.join(aside);
        assert_eq!(read(&aside.join(LOG)), "log.redb of 7", "after {moves} moves");
        assert_eq!(read(&aside.join(STATE)), "state.redb of 7", "after {moves} moves");
        assert_eq!(DataDir::open(&aside, "c").unwrap().node_id(), old, "after {moves} moves");
    }
}
