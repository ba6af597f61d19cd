//! Watches that tell the truth, and those that do not.

use super::store::{Store, delete, put};
use crate::{
    Ask, Change, Found, Happened, Keys, Rule, Session, Timeline, Told, Watch, check_watch,
};

fn timeline() -> Timeline {
    let mut store = Store::default();
    for n in 0..4 {
        store.call(put("a", &format!("a{n}")));
        store.call(put("b", &format!("b{n}")));
    }
    let change = |key: &str| Change::Put { key: key.into(), value: format!("{key}!"), lease: 0 };
    store.call(Ask::Write { guard: None, changes: vec![change("a"), change("b")] });
    store.call(delete("a"));
    store.timeline()
}

type Event = (Happened, Option<Found>);

fn events(timeline: &Timeline, from: i64, upto: i64) -> Vec<Event> {
    let all = timeline.all().iter().filter(|one| (from..=upto).contains(&one.revision));
    all.map(|one| (one.clone(), timeline.at(&one.key, one.revision - 1).cloned())).collect()
}

fn told(revision: i64, events: Vec<Event>) -> Told {
    Told { revision, events, fragment: false }
}

fn session(from: i64, told: Vec<Told>) -> Session {
    Session { from, created: Some(from), told }
}

/// Two connections, the second resumes the first; word of progress in between.
fn honest() -> (Timeline, Watch) {
    let timeline = timeline();
    let sessions = vec![
        session(1, vec![told(3, events(&timeline, 1, 3)), told(3, vec![])]),
        session(4, vec![told(8, events(&timeline, 4, 8)), told(10, events(&timeline, 9, 10))]),
    ];
    let watch = Watch { keys: Keys::Prefix(String::new()), previous: true, sessions };
    assert_eq!(check_watch(&watch, &timeline, 10), Ok(()));
    (timeline, watch)
}

fn verdict(change: impl Fn(&mut Watch)) -> Option<Rule> {
    let (timeline, mut watch) = honest();
    change(&mut watch);
    check_watch(&watch, &timeline, 10).err().map(|violation| violation.rule)
}

#[test]
fn each_broken_promise_is_caught() {
    let skip = |watch: &mut Watch| drop(watch.sessions[1].told[0].events.remove(1));
    assert_eq!(verdict(skip), Some(Rule::WatchComplete));
    let first = |watch: &mut Watch| drop(watch.sessions[1].told[0].events.remove(0));
    assert_eq!(verdict(first), Some(Rule::WatchComplete));
    let end = |watch: &mut Watch| drop(watch.sessions[1].told.pop());
    assert_eq!(verdict(end), Some(Rule::WatchComplete));
    let double = |watch: &mut Watch| {
        let event = watch.sessions[1].told[0].events[1].clone();
        watch.sessions[1].told[0].events.insert(1, event);
    };
    assert_eq!(verdict(double), Some(Rule::WatchUnique));
    let again = |watch: &mut Watch| {
        let event = watch.sessions[1].told[0].events[0].clone();
        watch.sessions[1].told[1].events.push(event);
    };
    assert_eq!(verdict(again), Some(Rule::WatchUnique));
    let swap = |watch: &mut Watch| watch.sessions[1].told[0].events.swap(0, 1);
    assert_eq!(verdict(swap), Some(Rule::WatchOrdered));
    let older = |watch: &mut Watch| {
        let event = watch.sessions[0].told[0].events[0].clone();
        watch.sessions[1].told[0].events.insert(0, event);
    };
    assert!(verdict(older).is_some());
    let previous = |watch: &mut Watch| watch.sessions[1].told[0].events[0].1 = None;
    assert_eq!(verdict(previous), Some(Rule::WatchTruthful));
    let bookmark = |watch: &mut Watch| watch.sessions[1].told.insert(0, told(8, vec![]));
    assert_eq!(verdict(bookmark), Some(Rule::WatchBookmark));
}

#[test]
fn a_revision_is_told_in_one_piece() {
    let split = |fragment: bool| {
        move |watch: &mut Watch| {
            let last = watch.sessions[1].told[1].events.split_off(1);
            watch.sessions[1].told[1].fragment = fragment;
            watch.sessions[1].told.push(told(10, last));
        }
    };
    assert_eq!(verdict(split(false)), Some(Rule::WatchAtomic));
    assert_eq!(verdict(split(true)), None);
}

#[test]
fn progress_beyond_what_was_told_is_a_gap() {
    let early = |watch: &mut Watch| {
        watch.sessions[0].told.push(told(5, vec![]));
    };
    assert_eq!(verdict(early), Some(Rule::WatchComplete));
}
