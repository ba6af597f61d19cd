//! One lie each, and who catches it.

use super::store::{Store, delete, get, put};
use crate::{
    Answer, Ask, Call, Change, Happened, LeaseLife, Outcome, Renewal, Rule, Timeline, check_fence,
    check_keys, check_lease, check_revisions,
};
use std::time::Duration;

fn rule(result: Result<(), crate::Violation>) -> Option<Rule> {
    result.err().map(|violation| violation.rule)
}

fn judge(store: &Store) -> (Option<Rule>, Option<Rule>) {
    (rule(check_keys(&store.calls)), rule(check_revisions(&store.calls, &store.timeline())))
}

fn honest() -> Store {
    let mut store = Store::default();
    for n in 0..5 {
        store.call(put("a", &format!("v{n}")));
        store.call(get("a"));
    }
    store.call(delete("a"));
    store.call(get("a"));
    assert_eq!(judge(&store), (None, None));
    store
}

/// An answer that the service never worked for.
fn claim(store: &mut Store, ask: Ask, answer: Answer) {
    let asked = store.calls.last().unwrap().asked + 10;
    let outcome = Outcome::Done { at: asked + 5, answer };
    store.calls.push(Call { client: 9, asked, ask, outcome });
}

#[test]
fn a_lost_write() {
    let mut store = honest();
    let answer = Answer::Written { revision: store.revision + 1, deleted: Vec::new() };
    claim(&mut store, put("a", "lost"), answer);
    assert_eq!(judge(&store).1, Some(Rule::Durable));
    store.call(get("a"));
    assert_eq!(judge(&store), (Some(Rule::Linearizable), Some(Rule::Durable)));
}

#[test]
fn a_revision_that_two_writes_have() {
    let mut store = honest();
    let answer = Answer::Written { revision: store.revision, deleted: Vec::new() };
    claim(&mut store, put("b", "second"), answer);
    assert_eq!(judge(&store).1, Some(Rule::Durable));
}

#[test]
fn a_write_that_was_refused_and_is_there() {
    let mut store = honest();
    store.call(put("a", "there")).outcome = Outcome::Failed;
    assert_eq!(judge(&store).1, Some(Rule::Caused));
    store.call(get("a"));
    assert_eq!(judge(&store), (Some(Rule::Linearizable), Some(Rule::Caused)));
}

#[test]
fn a_write_that_is_carried_out_twice() {
    let mut store = honest();
    store.call(put("a", "twice")).outcome = Outcome::Unknown;
    store.call(put("a", "between"));
    store.apply(&put("a", "twice"));
    store.call(get("a"));
    assert_eq!(judge(&store), (Some(Rule::Linearizable), Some(Rule::Caused)));
}

#[test]
fn a_guard_that_did_not_hold() {
    let mut store = honest();
    store.call(put("a", "now"));
    let Ask::Write { changes, .. } = put("a", "swapped") else { unreachable!() };
    let ask = Ask::Write { guard: Some(("a".to_owned(), 1)), changes };
    let answer = store.apply(&put("a", "swapped"));
    claim(&mut store, ask, answer);
    assert_eq!(judge(&store), (Some(Rule::Linearizable), Some(Rule::Truthful)));
}

#[test]
fn something_that_nobody_asked_for() {
    let mut store = honest();
    store.apply(&put("z", "nobody's"));
    assert_eq!(judge(&store).1, Some(Rule::Caused));
    let mut store = honest();
    store.call(put("a", "kept"));
    store.apply(&delete("a"));
    assert_eq!(judge(&store).1, Some(Rule::Caused));
}

#[test]
fn a_timeline_that_contradicts_itself() {
    let store = honest();
    let build = |change: &dyn Fn(&mut Vec<Happened>)| {
        let mut happened = store.happened.clone();
        change(&mut happened);
        Timeline::new(happened).map(drop)
    };
    assert_eq!(rule(build(&|all| all.swap(1, 2))), Some(Rule::Truthful));
    assert_eq!(rule(build(&|all| drop(all.remove(2)))), Some(Rule::Truthful));
    assert_eq!(rule(build(&|all| all.insert(2, all[1].clone()))), Some(Rule::WatchUnique));
    assert_eq!(rule(build(&|all| all.push(all[0].clone()))), Some(Rule::WatchOrdered));
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn a_lease_that_ends_early_or_never() {
    let renewal = |at, renewed| Renewal { asked: seconds(at), over: seconds(at), renewed };
    let mut life = LeaseLife {
        id: 1,
        ttl: seconds(5),
        renewals: vec![renewal(0, true), renewal(3, true), renewal(6, false)],
        revoked: None,
        gone: Some(seconds(8)),
    };
    assert_eq!(check_lease(&life, seconds(2)), Ok(()));
    life.gone = Some(seconds(13));
    assert_eq!(check_lease(&life, seconds(2)), Ok(()), "the last renewal may have come through");
    life.gone = Some(seconds(7));
    assert_eq!(rule(check_lease(&life, seconds(2))), Some(Rule::LeaseEarly));
    life.revoked = Some(seconds(7));
    assert_eq!(check_lease(&life, seconds(2)), Ok(()));
    life.gone = Some(seconds(14));
    assert_eq!(rule(check_lease(&life, seconds(2))), Some(Rule::LeaseEnds));
    life.gone = None;
    assert_eq!(rule(check_lease(&life, seconds(2))), Some(Rule::LeaseEnds));
}

#[test]
fn a_write_of_who_was_deposed() {
    let mut store = Store::default();
    store.call(put("/election/1", "one"));
    store.call(put("/election/2", "two"));
    store.call(put("/log", "1"));
    store.call(delete("/election/1"));
    store.call(put("/log", "2"));
    let check = |store: &Store| {
        check_fence(&store.timeline(), "/election/", "/log", |value| value.parse().ok())
    };
    assert_eq!(check(&store), Ok(2));
    store.call(put("/log", "1"));
    assert_eq!(check(&store).unwrap_err().rule, Rule::Fenced);
}

#[test]
fn changes_of_a_transaction_come_together() {
    let mut store = Store::default();
    let change = |key: &str| Change::Put { key: key.to_owned(), value: key.to_owned(), lease: 0 };
    store.call(Ask::Write { guard: None, changes: vec![change("a"), change("b")] });
    assert_eq!(judge(&store), (None, None));
    store.happened.pop();
    assert_eq!(judge(&store).1, Some(Rule::Durable));
}
