use super::*;
use crate::data_dir::DataDir;
use crate::error::QuorumError;
use crate::wire::Envelope;
use proptest::prelude::*;
use prost::Message;
use std::sync::{Arc, Mutex};

/// What some later version would know.
fn levels(oldest: u32, newest: u32) -> Levels {
    Levels::heard(oldest, newest)
}

#[test]
fn the_highest_level_in_common_is_spoken() {
    assert_eq!(levels(1, 3).common(levels(2, 5)), Some(3));
    assert_eq!(levels(4, 4).common(levels(1, 4)), Some(4));
    assert_eq!(levels(1, 2).common(levels(3, 4)), None);
    assert_eq!(Levels::untold().common(levels(1, 2)), Some(1));
    // What nobody says sensibly is nothing.
    assert_eq!(levels(5, 2).common(levels(1, 9)), None);
    assert_eq!(Levels::default().to_string(), format!("levels {OLDEST} to {NEWEST}"));
    assert_eq!(Levels::untold().to_string(), "level 1");
}

#[test]
fn a_level_is_raised_when_the_last_member_knows_it() {
    let knows = |newest| Some(Levels::up_to(newest));
    assert_eq!(next_level(1, [knows(2), knows(2), knows(1)]), None);
    assert_eq!(next_level(1, [knows(2), knows(2), None]), None);
    assert_eq!(next_level(1, [knows(2), knows(3), knows(2)]), Some(2));
    assert_eq!(next_level(2, [knows(2), knows(3), knows(2)]), None);
    assert_eq!(next_level(1, [knows(2)]), Some(2));
    assert_eq!(next_level(1, []), None);
}

proptest! {
    /// It never falls, nobody is left behind, and whoever is silent stops it.
    #[test]
    fn nobody_is_left_behind(
        level in 1u32..6,
        members in prop::collection::vec(prop::option::weighted(0.9, 1u32..8), 0..7),
    ) {
        let known = members.iter().map(|newest| newest.map(Levels::up_to));
        match next_level(level, known) {
            Some(next) => {
                prop_assert!(next > level);
                prop_assert!(members.iter().all(|newest| newest.is_some_and(|n| n >= next)));
            }
            None => prop_assert!(
                members.is_empty() || members.iter().any(|newest| newest.is_none_or(|n| n <= level))
            ),
        }
    }
}

fn ladder(own: Levels) -> (Ladder, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let record = DataDir::open(dir.path(), "c").unwrap();
    let ladder = Ladder::new(own);
    ladder.note_in(Arc::new(Mutex::new(record))).unwrap();
    (ladder, dir)
}

/// As `from` sends it to the member 7.
fn envelope(from: &Ladder) -> Envelope {
    Envelope::new(from.mark(), 9, 7)
}

#[test]
fn what_the_data_take_to_be_read_is_noted_before_it_is_written() {
    let (ladder, dir) = ladder(Levels::up_to(3));
    ladder.expect(3).unwrap();
    drop(ladder);
    let error = DataDir::open(dir.path(), "c").unwrap_err();
    let expected = matches!(error, QuorumError::NewerFormat { found: 3, known: NEWEST, .. });
    assert!(expected, "{error}");
    let words = error.to_string();
    assert!(words.contains("format 3") && words.contains(env!("CARGO_PKG_VERSION")), "{words}");
    DataDir::open_as(dir.path(), "c", Levels::up_to(3)).unwrap();
}

#[test]
fn data_that_are_too_old_for_a_version_are_refused_too() {
    let dir = tempfile::tempdir().unwrap();
    drop(DataDir::open(dir.path(), "c").unwrap());
    let error = DataDir::open_as(dir.path(), "c", levels(2, 3)).unwrap_err();
    assert!(matches!(error, QuorumError::OlderFormat { found: 1, known: 2, .. }), "{error}");
    assert!(error.to_string().contains("first run a version in between"), "{error}");
}

#[test]
fn a_voter_that_hears_of_a_level_that_it_does_not_know_is_outgrown() {
    let (new, _one) = ladder(Levels::up_to(3));
    let (old, _other) = ladder(Levels::up_to(2));
    old.meet(&envelope(&new)).unwrap();
    new.stand_at(3);
    assert_eq!(old.is_outgrown(), None);
    let error = old.meet(&envelope(&new)).unwrap_err();
    assert_eq!(error, LevelError::Outgrown { level: 3, known: Levels::up_to(2) });
    assert_eq!(old.is_outgrown(), Some(error.clone()));
    assert!(error.to_string().contains("at level 3"), "{error}");
    assert!(error.to_string().contains("knows levels 1 to 2"), "{error}");
    // Nothing that it says counts any more.
    let error = new.meet(&envelope(&old)).unwrap_err();
    assert!(matches!(error, LevelError::Unfit { level: 3, .. }), "{error}");
}

#[test]
fn versions_without_a_level_in_common_say_so() {
    let (new, _one) = ladder(levels(3, 4));
    let (old, _other) = ladder(Levels::up_to(2));
    // Nobody has told it yet at which level the cluster is.
    let mute = Envelope { level: 0, ..envelope(&new) };
    let error = old.meet(&mute).unwrap_err().to_string();
    assert!(error.contains("knows levels 3 to 4, but the cluster is at level 1"), "{error}");
    let (untold, _third) = ladder(Levels::untold());
    let error = untold.meet(&mute).unwrap_err().to_string();
    assert!(error.contains("speaks levels 3 to 4, and this voter level 1"), "{error}");
    assert!(matches!(old.meet(&envelope(&new)), Err(LevelError::Outgrown { level: 3, .. })));
    assert!(matches!(new.meet(&envelope(&old)), Err(LevelError::Unfit { level: 3, .. })));
}

#[test]
fn one_that_came_back_as_an_older_version_is_understood() {
    let (other, _dir) = ladder(Levels::up_to(2));
    other.hear(7, Levels::up_to(4));
    let (old, _other) = ladder(Levels::up_to(1));
    old.meet(&envelope(&other)).unwrap();
    other.meet(&envelope(&old)).unwrap();
    assert_eq!(old.is_outgrown(), None);
    // But where the cluster has gone on, that is what it must hear.
    other.stand_at(2);
    assert!(matches!(old.meet(&envelope(&other)), Err(LevelError::Outgrown { level: 2, .. })));
}

/// What stood in front of a message before there were levels.
#[derive(Clone, Copy, PartialEq, prost::Message)]
struct OldEnvelope {
    #[prost(uint32, tag = "1")]
    protocol: u32,
    #[prost(uint64, tag = "2")]
    cluster_id: u64,
    #[prost(uint64, tag = "3")]
    target: u64,
}

#[test]
fn versions_from_before_there_were_levels_are_understood_and_understand() {
    let (new, _one) = ladder(Levels::default());
    let old = OldEnvelope { protocol: 1, cluster_id: 9, target: 7 };
    let heard = Envelope::decode(&*old.encode_to_vec()).unwrap();
    new.meet(&heard).unwrap();
    let said = envelope(&new);
    assert_eq!(OldEnvelope::decode(&*said.encode_to_vec()).unwrap(), old);
    // Also when it has answered.
    new.hear(7, heard.levels());
    assert_eq!(OldEnvelope::decode(&*envelope(&new).encode_to_vec()).unwrap(), old);
    // One that pretends to be of such a version says just the same.
    let (untold, _other) = ladder(Levels::untold());
    assert_eq!(envelope(&untold).encode_to_vec(), old.encode_to_vec());
}
