use super::*;
use crate::levels::{Levels, NEWEST};
use crate::wire::command::Raise;
use sha2::{Digest, Sha256};

/// A backup of a quorum at the newest level that this version knows.
fn newest(dir: &Path) -> File {
    let state = state(&dir.join("newest.redb"));
    let put = PutRequest { key: "k".into(), value: "v".into(), ..Default::default() };
    let commands = vec![Kind::Raise(Raise { level: NEWEST }).into(), Kind::Put(put).into()];
    let entry = Entry {
        log_id: LogId::new(CommittedLeaderId::new(1, 1), 1),
        payload: EntryPayload::Normal(Proposal(Batch { commands }.encode_to_vec().into())),
    };
    state.replay(vec![entry]).unwrap();
    let mut file = tempfile::tempfile().unwrap();
    write(&state.read().unwrap(), "c", 0xabc, |bytes| file.write_all(&bytes).is_ok()).unwrap();
    file
}

#[test]
fn a_quorum_begins_again_at_the_level_that_it_had() {
    let dir = tempfile::tempdir().unwrap();
    let settings = settings(dir.path());
    for (mut file, level) in [(backup(dir.path(), 3), 1), (newest(dir.path()), NEWEST)] {
        assert_eq!(check(&mut file).unwrap().format, level);
        stage(&settings, &mut whole(&mut file), 1000).unwrap();
        begin(&settings.data_dir, true).unwrap();
        let record = data_dir::DataDir::open(&settings.data_dir, "c").unwrap();
        assert_eq!(record.format(), level);
        let state = state(&record.state());
        assert_eq!(crate::mvcc::level(&state.read().unwrap()).unwrap(), level);
    }
    // An older version does not begin with it.
    let older = data_dir::DataDir::open_as(&settings.data_dir, "c", Levels::up_to(NEWEST - 1));
    let error = older.unwrap_err().to_string();
    assert!(error.contains(&format!("is in format {NEWEST}")), "{error}");
    assert!(error.contains("run the version that wrote it"), "{error}");
}

#[test]
fn a_backup_of_a_later_level_is_refused_by_its_version() {
    let dir = tempfile::tempdir().unwrap();
    let mut bytes = whole(&mut newest(dir.path())).to_vec();
    let text = |from: u32| format!("\"format\":{from}").into_bytes();
    let (own, later) = (text(NEWEST), text(NEWEST + 1));
    let at = bytes.windows(own.len()).position(|window| window == own).unwrap();
    bytes[at..at + later.len()].copy_from_slice(&later);
    let end = bytes.len() - 32;
    let digest: [u8; 32] = Sha256::digest(&bytes[..end]).into();
    bytes[end..].copy_from_slice(&digest);
    let error = stage(&settings(dir.path()), &mut &bytes[..], 1).unwrap_err().to_string();
    let words = format!("is in format {}", NEWEST + 1);
    assert!(error.contains(&words), "{error}");
    let version = env!("CARGO_PKG_VERSION");
    assert!(error.contains(&format!("use the version that made it ({version})")), "{error}");
}
