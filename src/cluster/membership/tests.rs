use super::next::after;
use super::*;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

fn names(names: &str) -> BTreeSet<String> {
    names.split_whitespace().map(str::to_owned).collect()
}

/// `h1 h2! (h3)`: h1 is alive, h2 is dead, h3 is a learner; ids are as in the names, from 1.
fn seen(members: &str) -> Seen {
    let mut found = Seen::default();
    for word in members.split_whitespace() {
        let name = word.trim_matches(['(', ')', '!']);
        let id: u64 = name.trim_start_matches('h').parse().unwrap();
        let (learner, alive) = (word.starts_with('('), !word.contains('!'));
        found.members.push(RosterMember { id, name: name.to_owned(), learner, alive });
        if alive {
            let running = Running { id, has_data: true, has_leader: true };
            found.running.insert(name.to_owned(), running);
        }
    }
    found
}

fn promote(id: u64, name: &str) -> Next {
    Next::Do(Step::Promote { id, name: name.to_owned() })
}

fn take_out(id: u64, name: &str) -> Next {
    Next::Do(Step::Remove { id, name: name.to_owned() })
}

#[test]
fn it_grows_by_one_voter_at_a_time() {
    let wanted = names("h1 h2 h3");
    let next = |members: &str| next_step(&wanted, false, &seen(members));
    assert_eq!(next(""), Next::Done);
    assert_eq!(next("h1"), Next::Done, "the others do not run: that is told elsewhere");
    assert_eq!(next("h1 (h2) (h3)"), promote(2, "h2"));
    assert_eq!(next("h1 h2 (h3)"), promote(3, "h3"));
    assert_eq!(next("h1 h2 h3"), Next::Done);
    let mut started = seen("h1");
    started.running.insert("h2".into(), Running { id: 2, has_data: false, has_leader: false });
    assert_eq!(next_step(&wanted, false, &started), Next::Wait(names("h2")));
}

#[test]
fn who_left_the_inventory_goes_when_asked_for_and_the_dead_first() {
    let wanted = names("h1 h2 h3");
    assert_eq!(next_step(&wanted, false, &seen("h1 h2 h3 h4 h5")), Next::Done);
    let next = |members: &str| next_step(&wanted, true, &seen(members));
    assert_eq!(next("h1 h2 h3 h4 h5"), take_out(4, "h4"));
    assert_eq!(next("h1 h2 h3 h4 h5!"), take_out(5, "h5"));
    assert_eq!(next("h1 h2 h3 (h6) h5"), take_out(6, "h6"));
    // In exchange for a new one, and not before it.
    assert_eq!(next("h1 h2 (h3) h4"), promote(3, "h3"));
    assert_eq!(next("h1 h2 h4"), Next::Done);
    assert_eq!(next("h1 h2 h4!"), take_out(4, "h4"));
}

#[test]
fn what_would_end_consensus_is_refused() {
    let next = |wanted: &str, members: &str| next_step(&names(wanted), true, &seen(members));
    assert!(matches!(next("h1", "h1 h2 h3!"), Next::Do(Step::Remove { id: 3, .. })));
    assert!(matches!(next("h1 h2 h3", "h1 h2! h3! h4 h5"), Next::Refuse(_)));
    assert!(matches!(next("h1 h2 h3", "h1 h2! h3! (h4)"), Next::Refuse(_)));
    // All of them would begin anew, beside the one that is there.
    let strangers = next("h7 h8 h9", "h1 h2 h3");
    let Next::Refuse(words) = strangers else { panic!("{strangers:?}") };
    assert!(words.contains("h1, h2, h3"), "{words}");
}

#[test]
fn a_voter_that_lost_its_data_takes_its_old_place() {
    let wanted = names("h1 h2 h3");
    let mut wiped = seen("h1 h2 h3!");
    wiped.running.insert("h3".into(), Running { id: 33, has_data: false, has_leader: false });
    assert_eq!(wishes(&wanted, false, &wiped), [Wish::TakeIn("h3".into())]);
    assert_eq!(next_step(&wanted, false, &wiped), Next::Wait(names("h3")));
    let new = RosterMember { id: 33, name: "h3".into(), learner: true, alive: true };
    wiped.members.push(new);
    assert_eq!(next_step(&wanted, false, &wiped), promote(33, "h3"));
    // Wiped once more before that: the learner that it was is forgotten.
    wiped.members[3].alive = false;
    wiped.members[2] = RosterMember { id: 34, name: "h3".into(), learner: false, alive: true };
    wiped.running.insert("h3".into(), Running { id: 34, has_data: true, has_leader: true });
    assert_eq!(next_step(&wanted, false, &wiped), take_out(33, "h3"));
}

#[test]
fn data_of_another_quorum_are_put_aside() {
    let wanted = names("h1 h2 h3");
    let mut found = seen("h1");
    found.running.insert("h2".into(), Running { id: 2, has_data: true, has_leader: false });
    assert_eq!(next_step(&wanted, false, &found), Next::Do(Step::Renew { name: "h2".into() }));
}

/// A quorum that answers as ours does.
#[derive(Debug, Clone)]
struct World {
    seen: Seen,
    fresh: u64,
}

impl World {
    fn take(&mut self, step: &Step) {
        let voters = after(step, &self.seen);
        match step {
            Step::Promote { name, .. } => {
                self.seen
                    .members
                    .retain(|m| m.name != *name || m.learner || voters.contains(&m.id));
            }
            Step::Remove { id, .. } => self.seen.members.retain(|member| member.id != *id),
            Step::Renew { name } => {
                self.fresh += 1;
                let begun = Running { id: self.fresh, has_data: false, has_leader: false };
                self.seen.running.insert(name.clone(), begun);
            }
        }
        for member in &mut self.seen.members {
            member.learner = !voters.contains(&member.id);
        }
    }

    /// Whoever runs and is no member comes in as a learner.
    fn wait(&mut self) {
        let known: BTreeSet<u64> = self.seen.members.iter().map(|member| member.id).collect();
        for (name, running) in &mut self.seen.running {
            if !known.contains(&running.id) && !running.has_data {
                *running = Running { has_data: true, has_leader: true, ..*running };
                let (id, name) = (running.id, name.clone());
                self.seen.members.push(RosterMember { id, name, learner: true, alive: true });
            }
        }
    }
}

fn worlds() -> impl Strategy<Value = (World, BTreeSet<String>)> {
    // Of nine hosts: what of its voter is known, and whether it is wanted.
    let host = (0u8..7, any::<bool>());
    proptest::collection::vec(host, 1..10).prop_map(|hosts| {
        let mut seen = Seen { members: Vec::new(), running: BTreeMap::new() };
        let mut wanted = BTreeSet::new();
        for (at, (state, is_wanted)) in hosts.into_iter().enumerate() {
            let (name, id) = (format!("h{at}"), at as u64 + 1);
            let mut member = |learner, alive| {
                seen.members.push(RosterMember { id, name: name.clone(), learner, alive });
            };
            let run = |id, has_data, has_leader| Running { id, has_data, has_leader };
            let running = match state {
                0 => None,
                1 => Some(run(id, false, false)),
                2 => Some(run(id, true, false)),
                3 => {
                    member(true, true);
                    Some(run(id, true, true))
                }
                4 => {
                    member(false, false);
                    None
                }
                // Wiped.
                5 => {
                    member(false, false);
                    Some(run(id + 100, false, false))
                }
                _ => {
                    member(false, true);
                    Some(run(id, true, true))
                }
            };
            seen.running.extend(running.map(|running| (name.clone(), running)));
            if is_wanted {
                wanted.insert(name);
            }
        }
        (World { seen, fresh: 1000 }, wanted)
    })
}

proptest! {
    /// From wherever it begins: each step keeps a majority alive, no step comes for ever, and in the
    /// end all that run and are wanted vote, or it is said why not.
    #[test]
    fn it_ends_and_never_without_a_majority((world, wanted) in worlds(), prune: bool) {
        let mut world = world;
        let had = world.seen.agree(&world.seen.ids());
        let mut ended = None;
        for _ in 0..60 {
            match next_step(&wanted, prune, &world.seen) {
                Next::Do(step) => {
                    let before = world.seen.ids();
                    world.take(&step);
                    let now = world.seen.ids();
                    prop_assert!(before.symmetric_difference(&now).count() <= 2, "{step}");
                    prop_assert!(!had || world.seen.agree(&now), "{step}: {world:?}");
                    prop_assert!(!now.is_empty(), "{step}");
                }
                Next::Wait(_) => world.wait(),
                end => {
                    ended = Some(end);
                    break;
                }
            }
        }
        prop_assert!(ended.is_some(), "it goes on for ever: {world:?}");
        if ended == Some(Next::Done) && had {
            let votes = |name: &&String| world.seen.votes(name);
            let running = wanted.iter().filter(|name| world.seen.running.contains_key(*name));
            prop_assert_eq!(running.clone().filter(votes).count(), running.count());
            let all = wanted.iter().all(|name| world.seen.voter(name).is_some());
            if prune && all {
                prop_assert_eq!(left_over(&wanted, &world.seen), BTreeSet::new());
                prop_assert_eq!(world.seen.ids().len(), wanted.len());
            }
        }
    }
}
