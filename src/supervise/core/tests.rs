use super::{Core, Effect, Input, RESTART_GRACE, Word};
use crate::{Backoff, Ended};
use std::time::{Duration, Instant};

/// A core, a clock, and a small language.
struct Story {
    core: Core,
    now: Instant,
    generations: Vec<u64>,
}

impl Story {
    fn new(needs: &[&[usize]]) -> Self {
        let needs: Vec<Vec<usize>> = needs.iter().map(|n| n.to_vec()).collect();
        let core = Core::new(&needs, &vec![Backoff::default(); needs.len()]);
        Self { core, now: Instant::now(), generations: vec![0; needs.len()] }
    }

    fn handle(&mut self, input: Input) -> Vec<Effect> {
        let effects = self.core.handle(input, self.now);
        for effect in &effects {
            if let Effect::Spawn { unit, generation } = effect {
                self.generations[*unit] = *generation;
            }
        }
        effects
    }

    fn say(&mut self, unit: usize, word: Word) -> Vec<Effect> {
        let generation = self.generations[unit];
        self.handle(Input::Said { unit, generation, word })
    }

    fn end(&mut self, unit: usize) -> Vec<Effect> {
        let generation = self.generations[unit];
        self.handle(Input::Ended { unit, generation, ended: Ended::Code(1) })
    }

    fn wait(&mut self, time: Duration) -> Vec<Effect> {
        self.now += time;
        self.handle(Input::Tick)
    }
}

fn spawned(effects: &[Effect]) -> Vec<usize> {
    let unit = |effect: &Effect| match effect {
        Effect::Spawn { unit, .. } => Some(*unit),
        _ => None,
    };
    effects.iter().filter_map(unit).collect()
}

fn terminated(effects: &[Effect]) -> Vec<usize> {
    let unit = |effect: &Effect| match effect {
        Effect::Terminate { unit } => Some(*unit),
        _ => None,
    };
    effects.iter().filter_map(unit).collect()
}

#[test]
fn units_start_when_their_needs_are_ready() {
    let mut story = Story::new(&[&[], &[0], &[0], &[1, 2]]);
    assert_eq!(spawned(&story.handle(Input::Begin)), [0]);
    assert_eq!(spawned(&story.say(0, Word::Status("waiting".into()))), [0; 0]);
    assert_eq!(spawned(&story.say(0, Word::Ready)), [1, 2]);
    assert_eq!(spawned(&story.say(2, Word::Ready)), [0; 0]);
    assert_eq!(spawned(&story.say(1, Word::Ready)), [3]);
    assert!(story.say(3, Word::Ready).contains(&Effect::AllReady));
}

#[test]
fn back_off_doubles_to_its_limit_and_begins_anew_when_well() {
    let mut story = Story::new(&[&[]]);
    story.handle(Input::Begin);
    let mut delays = Vec::new();
    for _ in 0..9 {
        let effects = story.end(0);
        let delay = effects.iter().find_map(|effect| match effect {
            Effect::Ended { again_in, .. } => Some(*again_in),
            _ => None,
        });
        delays.push(delay.unwrap().as_millis());
        assert_eq!(spawned(&story.wait(delay.unwrap() - Duration::from_millis(1))), [0; 0]);
        assert_eq!(spawned(&story.wait(Duration::from_millis(1))), [0]);
    }
    assert_eq!(delays, [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
    story.say(0, Word::Ready);
    story.wait(Duration::from_secs(10));
    assert!(
        matches!(story.end(0)[..], [Effect::Ended { again_in, .. }] if again_in.as_millis() == 100)
    );
}

#[test]
fn the_first_failure_is_told_once() {
    let mut story = Story::new(&[&[], &[]]);
    story.handle(Input::Begin);
    assert!(story.end(1).contains(&Effect::Failed { unit: 1, ended: Ended::Code(1) }));
    assert!(!story.end(0).iter().any(|e| matches!(e, Effect::Failed { .. })));
    story.wait(Duration::from_secs(1));
    story.say(0, Word::Ready);
    assert!(!story.say(1, Word::Ready).contains(&Effect::AllReady));
}

#[test]
fn stopping_goes_backwards_and_kills_who_does_not_end() {
    let mut story = Story::new(&[&[], &[0], &[1]]);
    story.handle(Input::Begin);
    story.say(0, Word::Ready);
    story.say(1, Word::Ready);
    let grace = Duration::from_secs(5);
    assert_eq!(terminated(&story.handle(Input::Stop { grace })), [2]);
    assert_eq!(story.wait(grace), [Effect::Kill { unit: 2 }]);
    assert_eq!(story.wait(grace), []);
    assert_eq!(terminated(&story.end(2)), [1]);
    assert_eq!(terminated(&story.end(1)), [0]);
    assert!(!story.core.is_stopped());
    story.end(0);
    assert!(story.core.is_stopped());
}

#[test]
fn a_second_stop_may_be_more_impatient() {
    let mut story = Story::new(&[&[]]);
    story.handle(Input::Begin);
    story.handle(Input::Stop { grace: Duration::from_secs(60) });
    story.handle(Input::Stop { grace: Duration::ZERO });
    assert_eq!(story.wait(Duration::ZERO), [Effect::Kill { unit: 0 }]);
}

#[test]
fn stopping_while_waiting_and_backing_off() {
    let mut story = Story::new(&[&[], &[0]]);
    story.handle(Input::Begin);
    story.end(0);
    story.handle(Input::Stop { grace: Duration::ZERO });
    assert!(story.core.is_stopped());
    assert_eq!(story.wait(Duration::from_secs(60)), []);
}

#[test]
fn a_restart_bounces_one_unit_only() {
    let mut story = Story::new(&[&[], &[0]]);
    story.handle(Input::Begin);
    story.say(0, Word::Ready);
    story.say(1, Word::Ready);
    assert_eq!(story.handle(Input::Restart { unit: 0 }), [Effect::Terminate { unit: 0 }]);
    let old = story.generations[0];
    assert_eq!(spawned(&story.end(0)), [0]);
    let late = Input::Said { unit: 0, generation: old, word: Word::Ready };
    assert_eq!(story.handle(late), []);
    assert!(matches!(story.say(0, Word::Ready)[..], [Effect::Ready { unit: 0, .. }]));
    story.handle(Input::Restart { unit: 1 });
    assert_eq!(story.wait(RESTART_GRACE), [Effect::Kill { unit: 1 }]);
}
