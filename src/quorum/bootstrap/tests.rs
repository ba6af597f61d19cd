use super::Answers;
use super::decide::{Step, cluster_level, decide};
use super::stand::{should_stand, was_taken_out};
use crate::wire::{Introduction, LogId};
use std::collections::BTreeSet;

fn voter(slot: u8) -> Introduction {
    Introduction {
        cluster: "c".into(),
        slot: slot.into(),
        node_id: 100 + u64::from(slot),
        voters: vec![1, 2, 3],
        ..Default::default()
    }
}

fn answers(voters: impl IntoIterator<Item = Introduction>) -> Answers {
    voters.into_iter().map(|voter| (u8::try_from(voter.slot).unwrap(), voter)).collect()
}

#[test]
fn the_lowest_slot_founds_when_all_are_new() {
    let all = Step::Found(vec![(1, 101), (2, 102), (3, 103)]);
    assert_eq!(decide(&voter(1), &answers([voter(2), voter(3)])), all);
    assert_eq!(decide(&voter(2), &answers([voter(1), voter(3)])), Step::WaitForFounder(1));
    let alone = Introduction { voters: vec![1], ..voter(1) };
    assert_eq!(decide(&alone, &answers([])), Step::Found(vec![(1, 101)]));
}

#[test]
fn nobody_founds_before_all_have_answered() {
    assert_eq!(decide(&voter(1), &answers([])), Step::Wait(vec![2, 3]));
    assert_eq!(decide(&voter(1), &answers([voter(2)])), Step::Wait(vec![3]));
}

#[test]
fn versions_that_do_not_understand_each_other_found_nothing() {
    let knows = |oldest, newest, voter| Introduction { oldest, newest, ..voter };
    let me = knows(1, 2, voter(1));
    let later = knows(3, 4, voter(3));
    assert_eq!(decide(&me, &answers([voter(2), later])), Step::Apart(vec![3]));
    let both = [voter(2), knows(2, 4, voter(3))];
    assert!(matches!(decide(&me, &answers(both)), Step::Found(_)));
}

#[test]
fn the_level_of_the_cluster_is_the_highest_that_its_voters_tell() {
    let of = |cluster_id, level, initialized, slot| Introduction {
        cluster_id,
        level,
        initialized,
        ..voter(slot)
    };
    let told = answers([of(9, 2, true, 2), of(9, 1, true, 3)]);
    assert_eq!(cluster_level(&voter(1), &told), Some(2));
    // Of another cluster, of none, or of a version that does not say.
    let me = Introduction { cluster_id: 9, ..voter(1) };
    assert_eq!(cluster_level(&me, &answers([of(8, 3, true, 2), of(9, 0, true, 3)])), Some(1));
    assert_eq!(cluster_level(&voter(1), &answers([of(0, 2, false, 2)])), None);
}

#[test]
fn a_voter_that_lost_its_data_joins() {
    let old = Introduction { initialized: true, cluster_id: 9, ..voter(3) };
    assert_eq!(decide(&voter(1), &answers([old.clone()])), Step::Join(vec![3]));
    assert_eq!(decide(&voter(1), &answers([voter(2), old])), Step::Join(vec![3]));
}

#[test]
fn whoever_has_heard_of_a_cluster_keeps_another_from_being_founded() {
    let heard = Introduction { cluster_id: 9, ..voter(2) };
    assert_eq!(decide(&voter(1), &answers([heard, voter(3)])), Step::Lost);
    let me = Introduction { cluster_id: 9, voters: vec![1], ..voter(1) };
    assert_eq!(decide(&me, &answers([])), Step::Lost);
}

#[test]
fn voters_that_disagree_or_are_copies_found_nothing() {
    let other = Introduction { voters: vec![2], ..voter(2) };
    assert_eq!(decide(&voter(1), &answers([other, voter(3)])), Step::Disagree(vec![2]));
    let copy = Introduction { node_id: 101, ..voter(3) };
    assert_eq!(decide(&voter(1), &answers([voter(2), copy])), Step::Copied(1, 3));
}

proptest::proptest! {
    /// Whatever the voters hear and whoever loses his data: no two of them found, and none founds
    /// where one has data.
    #[test]
    fn never_two_clusters(
        heard in proptest::collection::vec(0u8..8, 3),
        initialized in 0u8..8,
        knows in 0u8..8,
    ) {
        let state = |slot: u8| {
            let has = |mask: u8| mask & (1 << (slot - 1)) != 0;
            let cluster_id = u64::from(has(initialized) || has(knows));
            Introduction { initialized: has(initialized), cluster_id, ..voter(slot) }
        };
        let mut founders = 0;
        for slot in (1..=3).filter(|slot| !state(*slot).initialized) {
            let mask = heard[usize::from(slot) - 1];
            let others = (1..=3).filter(|other| *other != slot && mask & (1 << (other - 1)) != 0);
            let step = decide(&state(slot), &answers(others.map(state)));
            founders += usize::from(matches!(step, Step::Found(_)));
        }
        proptest::prop_assert!(founders <= 1);
        proptest::prop_assert!(founders == 0 || initialized == 0 && knows == 0);
    }
}

fn with_log(slot: u8, index: u64) -> Introduction {
    let last_log = Some(LogId { term: 1, node_id: 101, index });
    Introduction { initialized: true, cluster_id: 9, last_log, ..voter(slot) }
}

#[test]
fn after_a_restart_of_all_the_best_voter_stands() {
    let voters = BTreeSet::from([101, 102, 103]);
    let stands = |me: &Introduction, others: &[Introduction]| {
        should_stand(me, &answers(others.to_vec()), &voters)
    };
    assert!(stands(&with_log(1, 5), &[with_log(2, 5), with_log(3, 5)]));
    assert!(!stands(&with_log(2, 5), &[with_log(1, 5), with_log(3, 5)]));
    assert!(stands(&with_log(3, 6), &[with_log(1, 5), with_log(2, 5)]));
    // A majority is enough, less is not.
    assert!(stands(&with_log(2, 5), &[with_log(3, 5)]));
    assert!(!stands(&with_log(2, 5), &[]));
    // One that answers at two addresses is one.
    let five = BTreeSet::from([101, 102, 103, 104, 105]);
    let moved = Introduction { node_id: 103, ..with_log(4, 5) };
    assert!(!should_stand(&with_log(2, 5), &answers([with_log(3, 5), moved]), &five));
    // Not against a leader, not as a stranger.
    let led = Introduction { leader: 103, ..with_log(3, 5) };
    assert!(!stands(&with_log(1, 5), &[with_log(2, 5), led]));
    let stranger = Introduction { node_id: 7, ..with_log(1, 9) };
    assert!(!stands(&stranger, &[with_log(2, 5), with_log(3, 5)]));
}

#[test]
fn a_voter_that_is_a_member_no_more_hears_it_from_one_that_has_a_leader() {
    let me = Introduction { members: vec![101, 102, 103], members_at: 5, ..with_log(3, 5) };
    let peer = |members: Vec<u64>, members_at, leader| Introduction {
        members,
        members_at,
        leader,
        ..with_log(1, 9)
    };
    let taken_out = |peer: Introduction| was_taken_out(&me, &answers([peer]));
    assert!(taken_out(peer(vec![101, 102], 6, 101)));
    // It may itself be behind, know no leader, or know that we belong.
    assert!(!taken_out(peer(vec![101, 102], 4, 101)));
    assert!(!taken_out(peer(vec![101, 102], 6, 0)));
    assert!(!taken_out(peer(vec![101, 102, 103], 6, 101)));
    assert!(!was_taken_out(&me, &answers([])));
}
