use super::check::{Removal, promoted, removed};
use super::{Change, Objection, next_change};
use crate::raft::{Member, Membership};
use openraft::Membership as Config;
use std::collections::{BTreeMap, BTreeSet};

fn member(slot: u8, host: &str) -> Member {
    let address = |port| format!("{host}:{port}");
    Member { slot, name: format!("h{slot}"), peer: address(2380), client: address(2379) }
}

fn membership(voters: &[BTreeSet<u64>], nodes: &[(u64, Member)]) -> Membership {
    let nodes: BTreeMap<u64, Member> = nodes.iter().cloned().collect();
    Membership::new(None, Config::new(voters.to_vec(), nodes))
}

#[test]
fn a_wiped_voter_learns_and_then_takes_the_place_of_its_old_self() {
    let nodes = [(11, member(1, "a")), (12, member(2, "b")), (13, member(3, "c"))];
    let old = membership(&[BTreeSet::from([11, 12, 13])], &nodes);
    assert_eq!(next_change(&old, 11, &member(1, "a")), Change::Nothing);
    assert_eq!(next_change(&old, 11, &member(1, "new")), Change::Readdress);
    assert_eq!(next_change(&old, 33, &member(3, "c")), Change::Learn);
    let with_learner = membership(
        &[BTreeSet::from([11, 12, 13])],
        &[&nodes[..], &[(33, member(3, "c"))]].concat(),
    );
    let wanted = Change::Replace(BTreeSet::from([11, 12, 33]));
    assert_eq!(next_change(&with_learner, 33, &member(3, "c")), wanted);
}

#[test]
fn a_voter_of_a_new_name_learns_until_somebody_promotes_it() {
    let nodes = [(11, member(1, "a")), (12, member(2, "b"))];
    let with_learner = membership(&[BTreeSet::from([11])], &nodes);
    assert_eq!(next_change(&with_learner, 12, &member(2, "b")), Change::Attend);
    // Another host has got its slot: that is no reason to take the other's place.
    let renumbered = Member { slot: 1, ..member(2, "b") };
    assert_eq!(next_change(&with_learner, 12, &renumbered), Change::Readdress);
}

#[test]
fn a_change_that_was_cut_short_is_finished_first() {
    let nodes = [(11, member(1, "a")), (12, member(2, "b"))];
    let joint = membership(&[BTreeSet::from([11]), BTreeSet::from([11, 12])], &nodes);
    let wanted = Change::Finish(BTreeSet::from([11, 12]));
    assert_eq!(next_change(&joint, 12, &member(2, "b")), wanted);
}

fn set(ids: impl IntoIterator<Item = u64>) -> BTreeSet<u64> {
    ids.into_iter().collect()
}

/// Members 1… of these names, of which the first `voters` vote.
fn of(names: &[&str], voters: u64) -> Membership {
    let node =
        |(at, name): (u64, &&str)| (at, Member { name: (*name).to_owned(), ..Member::default() });
    let nodes: Vec<(u64, Member)> = (1..).zip(names).map(node).collect();
    membership(&[set(1..=voters)], &nodes)
}

#[test]
fn a_learner_is_promoted_when_it_has_the_log_and_enough_are_alive() {
    let one = of(&["a", "b"], 1);
    assert_eq!(promoted(&one, 2, true, &set([1, 2])), Ok(set([1, 2])));
    assert_eq!(promoted(&one, 2, false, &set([1, 2])), Err(Objection::LearnerNotReady));
    assert_eq!(promoted(&one, 2, true, &set([1])), Err(Objection::LearnerNotReady));
    assert_eq!(promoted(&one, 1, true, &set([1, 2])), Err(Objection::NotLearner));
    assert_eq!(promoted(&one, 9, true, &set([1, 2])), Err(Objection::NotFound));
    // In the place of its old self, which is dead: no voter more.
    let three = of(&["a", "b", "c", "c"], 3);
    assert_eq!(promoted(&three, 4, true, &set([1, 2, 4])), Ok(set([1, 2, 4])));
}

#[test]
fn no_member_goes_that_the_others_need() {
    let three = of(&["a", "b", "c"], 3);
    assert_eq!(removed(&three, 3, &set([1, 2, 3])), Ok(Removal::OfVoter));
    assert_eq!(removed(&three, 3, &set([1, 2])), Ok(Removal::OfVoter));
    assert_eq!(removed(&three, 2, &set([1, 2])), Err(Objection::Unhealthy));
    assert_eq!(removed(&three, 9, &set([1, 2])), Err(Objection::NotFound));
    let alone = of(&["a", "b"], 1);
    assert_eq!(removed(&alone, 1, &set([1, 2])), Err(Objection::NotEnoughStarted));
    assert_eq!(removed(&alone, 2, &set([1])), Ok(Removal::OfLearner));
}
