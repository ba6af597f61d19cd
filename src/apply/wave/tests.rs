use super::*;
use mesoform_plan::UnitState;

fn view(active: &str, invocation: &str) -> UnitView {
    let state = UnitState { active: active.into(), loaded: true, ..UnitState::default() };
    UnitView {
        state,
        invocation: invocation.into(),
        result: "exit-code".into(),
        ..Default::default()
    }
}

fn views(view: UnitView) -> Views {
    [("a.service".to_owned(), view)].into()
}

fn wave(before: UnitView, started_inputs: Option<String>, restart: bool) -> Wave {
    let mut observed = Observed::default();
    let state = UnitState { started_inputs, ..before.state.clone() };
    observed.units.insert("a.service".into(), state);
    let wanted = [StartUnit { name: "a.service".into(), inputs: Vec::new() }];
    Wave::new(&wanted, &observed, &views(before), restart)
}

fn current() -> Option<String> {
    fingerprint(&[], &Observed::default())
}

fn failed(seen: &[Seen]) -> Option<&str> {
    seen.iter().find_map(|seen| match seen {
        Seen::Failed { cause, .. } => Some(cause.as_str()),
        Seen::Unit { .. } => None,
    })
}

#[test]
fn what_runs_with_the_same_inputs_is_left_alone() {
    let mut same = wave(view("active", "1"), current(), false);
    assert_eq!(same.that(Action::Await), ["a.service"]);
    same.look(&views(view("active", "1")));
    assert!(same.is_up() && !same.started()[0].changed);
    assert_eq!(wave(view("active", "1"), current(), true).that(Action::Restart).len(), 1);
    assert_eq!(wave(view("active", "1"), None, false).that(Action::Restart).len(), 1);
    assert_eq!(wave(view("failed", "1"), current(), false).that(Action::Start).len(), 1);
}

#[test]
fn a_restart_is_done_when_another_one_runs() {
    let mut wave = wave(view("active", "1"), None, false);
    for (now, up) in [("active", false), ("deactivating", false), ("activating", false)] {
        assert_eq!(failed(&wave.look(&views(view(now, "1")))), None);
        assert_eq!(wave.is_up(), up, "{now}");
    }
    let between = UnitView { pending: true, ..view("inactive", "1") };
    assert_eq!(failed(&wave.look(&views(between))), None);
    wave.look(&views(view("active", "2")));
    assert!(wave.is_up());
}

#[test]
fn each_word_is_said_once() {
    let mut wave = wave(view("inactive", ""), None, false);
    let waits = UnitView { status: "waiting for 2 of 3".into(), ..view("activating", "1") };
    assert_eq!(wave.look(&views(waits.clone())).len(), 1);
    assert_eq!(wave.look(&views(waits)).len(), 0);
    assert_eq!(wave.look(&views(view("active", "1"))).len(), 1);
}

#[test]
fn what_does_not_come_up_is_found_out() {
    let start = || wave(view("inactive", ""), None, false);
    assert_eq!(failed(&start().look(&views(view("failed", "1")))), Some("it failed (exit-code)"));
    assert_eq!(failed(&start().look(&views(view("inactive", "1")))), Some("it ended (exit-code)"));
    assert!(failed(&start().look(&Views::new())).is_some_and(|c| c.contains("no such unit")));
    let mut crashing = start();
    let again = |restarts| views(UnitView { restarts, ..view("activating", "1") });
    assert_eq!(failed(&crashing.look(&again(0))), None);
    assert_eq!(failed(&crashing.look(&again(2))), None);
    assert!(failed(&crashing.look(&again(3))).is_some_and(|c| c.contains("3 times")));
}
