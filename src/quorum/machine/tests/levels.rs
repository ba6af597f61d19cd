use super::*;
use crate::error::QuorumError;
use crate::levels::{Ladder, LevelError, Levels};
use crate::mvcc::level;
use crate::wire::command::Raise;
use crate::wire::seal;

/// A voter's machine, of a version that knows these levels.
fn version(dir: &Path, known: Levels) -> (Machine, Arc<State>) {
    let state = open(dir, known).unwrap();
    (Machine::new(state.clone(), dir.to_owned(), headroom(|| u64::MAX / 4)), state)
}

fn open(dir: &Path, known: Levels) -> Result<Arc<State>, QuorumError> {
    let ears = Arc::new(Ears::default());
    State::open_on(&dir.join("state.redb"), 1 << 20, ears, Ladder::new(known)).map(Arc::new)
}

fn raise(index: u64, level: u32) -> Entry {
    entry(index, vec![put("before", "1"), Kind::Raise(Raise { level })])
}

fn sealed(index: u64, at: u32) -> Entry {
    let batch = Batch { commands: vec![put("after", "2").into()] };
    Entry { log_id: log_id(index), payload: EntryPayload::Normal(Proposal(seal(&batch, at))) }
}

fn stored(state: &State) -> u32 {
    level(&state.read().unwrap()).unwrap()
}

#[tokio::test]
async fn the_level_is_a_part_of_the_state_and_never_falls() {
    let dir = tempfile::tempdir().unwrap();
    let (mut machine, state) = version(dir.path(), Levels::up_to(3));
    assert_eq!((stored(&state), state.ladder.level()), (1, 1));
    let replies = machine.apply([raise(1, 3), raise(2, 2)]).await.unwrap();
    let raised: Vec<_> = replies.iter().map(|replies| replies.replies[1].kind.clone()).collect();
    let to_three = Some(reply::Kind::Raised(Raise { level: 3 }));
    assert_eq!(raised, [to_three.clone(), to_three]);
    assert_eq!((stored(&state), state.ladder.level()), (3, 3));
    machine.apply([raise(3, 2)]).await.unwrap();
    assert_eq!((stored(&state), state.ladder.level()), (3, 3));
    state.flush().unwrap();
    drop((machine, state));
    let error = open(dir.path(), Levels::up_to(2)).err().unwrap();
    assert!(matches!(error, QuorumError::NewerFormat { found: 3, known: 2, .. }), "{error}");
    assert_eq!(open(dir.path(), Levels::up_to(4)).unwrap().ladder.level(), 3);
}

#[tokio::test]
async fn a_batch_of_every_level_is_applied_by_who_knows_it() {
    let dir = tempfile::tempdir().unwrap();
    let (mut machine, state) = version(dir.path(), Levels::up_to(2));
    // Also before it has heard that the level was raised.
    machine.apply([sealed(1, 2), sealed(2, 1)]).await.unwrap();
    assert_eq!(state.now().revision, 3);
    let Entry { log_id, payload } = sealed(3, 2);
    let EntryPayload::Normal(Proposal(bytes)) = payload else { panic!() };
    let mut flipped = bytes.to_vec();
    *flipped.last_mut().unwrap() ^= 1;
    let payload = EntryPayload::Normal(Proposal(flipped.into()));
    let error = machine.apply([Entry { log_id, payload }]).await.unwrap_err().to_string();
    assert!(error.contains("its checksum is another"), "{error}");
    assert_eq!(state.now().revision, 3);
    assert_eq!(state.ladder.is_outgrown(), None);
}

#[tokio::test]
async fn what_a_version_does_not_know_it_does_not_apply() {
    for newer in [raise(2, 2), sealed(2, 2)] {
        let dir = tempfile::tempdir().unwrap();
        let (mut machine, state) = version(dir.path(), Levels::up_to(1));
        machine.apply([sealed(1, 1)]).await.unwrap();
        machine.apply([newer]).await.unwrap_err();
        let known = Levels::up_to(1);
        assert_eq!(state.ladder.is_outgrown(), Some(LevelError::Outgrown { level: 2, known }));
        assert_eq!((stored(&state), state.now().applied), (1, Some(log_id(1))));
    }
}

#[tokio::test]
async fn a_snapshot_carries_the_level_to_who_knows_it() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (mut source, from) = version(here.path(), Levels::up_to(2));
    for (at, known) in [(1, Levels::up_to(1)), (2, Levels::up_to(2)), (2, Levels::up_to(1))] {
        if at == 2 {
            source.apply([raise(1, 2)]).await.unwrap();
        }
        let dir = there.path().join(format!("{at} {known}"));
        std::fs::create_dir_all(&dir).unwrap();
        let (mut target, to) = version(&dir, known);
        let meta = source.get_snapshot_builder().await.build_snapshot().await.unwrap().meta;
        let mut data = target.begin_receiving_snapshot().await.unwrap();
        write_out(&from.read().unwrap(), |bytes| data.receive(&bytes).is_ok()).unwrap();
        let installed = target.install_snapshot(&meta, data).await;
        if known.newest() < at {
            let error = installed.unwrap_err().to_string();
            assert!(error.contains("the cluster is at level 2"), "{error}");
            assert_eq!((stored(&to), to.now().applied), (1, None));
        } else {
            installed.unwrap();
            assert_eq!((stored(&to), to.ladder.level()), (at, at));
        }
    }
}
