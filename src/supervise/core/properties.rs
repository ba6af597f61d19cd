//! Random graphs under random fates.

use super::{Core, Effect, Input, Word};
use crate::{Backoff, Ended};
use proptest::prelude::*;
use std::time::{Duration, Instant};

#[derive(Clone, Debug)]
enum Fate {
    Ready(usize),
    Dies(usize),
    /// An earlier process speaks up too late.
    StaleReady(usize),
    StaleEnd(usize),
    Restart(usize),
    Wait(u64),
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        4 => (0usize..6).prop_map(Fate::Ready),
        3 => (0usize..6).prop_map(Fate::Dies),
        1 => (0usize..6).prop_map(Fate::StaleReady),
        1 => (0usize..6).prop_map(Fate::StaleEnd),
        1 => (0usize..6).prop_map(Fate::Restart),
        3 => (0u64..12_000).prop_map(Fate::Wait),
    ]
}

/// Needs of six units; each needs only earlier ones, so there is no cycle.
fn needs() -> impl Strategy<Value = Vec<Vec<usize>>> {
    prop::collection::vec(any::<u8>(), 6).prop_map(|masks| {
        let below =
            |(unit, mask): (usize, &u8)| (0..unit).filter(|n| mask & (1 << n) != 0).collect();
        masks.iter().enumerate().map(below).collect()
    })
}

/// The world as it really is, to hold the core's doings against.
struct World {
    core: Core,
    needs: Vec<Vec<usize>>,
    now: Instant,
    alive: Vec<bool>,
    was_ready: Vec<bool>,
    generation: Vec<u64>,
    last_end: Vec<Option<Instant>>,
    restarted: Vec<bool>,
    stopping: bool,
}

impl World {
    fn new(needs: Vec<Vec<usize>>) -> Self {
        let count = needs.len();
        Self {
            core: Core::new(&needs, &vec![Backoff::default(); count]),
            needs,
            now: Instant::now(),
            alive: vec![false; count],
            was_ready: vec![false; count],
            generation: vec![0; count],
            last_end: vec![None; count],
            restarted: vec![false; count],
            stopping: false,
        }
    }

    fn handle(&mut self, input: Input) {
        for effect in self.core.handle(input, self.now) {
            match effect {
                Effect::Spawn { unit, generation } => self.check_spawn(unit, generation),
                Effect::Kill { unit } => assert!(self.alive[unit], "a kill of nothing"),
                Effect::Terminate { unit } => self.check_terminate(unit),
                _ => {}
            }
        }
    }

    fn check_terminate(&self, unit: usize) {
        assert!(self.alive[unit], "a signal for nothing");
        let needs_it = |other: &usize| self.needs[*other].contains(&unit);
        let needed = (0..self.needs.len()).filter(needs_it).any(|other| self.alive[other]);
        assert!(!self.stopping || !needed, "who needs it stops first");
    }

    fn check_spawn(&mut self, unit: usize, generation: u64) {
        assert!(!self.stopping, "nothing starts while all stops");
        assert!(!self.alive[unit], "one process at a time");
        assert!(self.needs[unit].iter().all(|need| self.was_ready[*need]), "needs come first");
        if let Some(end) = self.last_end[unit].filter(|_| !self.restarted[unit]) {
            assert!(self.now - end >= Backoff::default().first, "back-off");
        }
        self.restarted[unit] = false;
        self.alive[unit] = true;
        self.generation[unit] = generation;
    }

    fn ready(&mut self, unit: usize) {
        if self.alive[unit] {
            self.was_ready[unit] = true;
            let generation = self.generation[unit];
            self.handle(Input::Said { unit, generation, word: Word::Ready });
        }
    }

    fn dies(&mut self, unit: usize) {
        if self.alive[unit] {
            self.alive[unit] = false;
            self.last_end[unit] = Some(self.now);
            let generation = self.generation[unit];
            self.handle(Input::Ended { unit, generation, ended: Ended::Signal(9) });
        }
    }

    fn live(&mut self, fate: &Fate) {
        match *fate {
            Fate::Ready(unit) => self.ready(unit),
            Fate::Dies(unit) => self.dies(unit),
            Fate::StaleReady(unit) => {
                let generation = self.generation[unit].wrapping_sub(1);
                self.handle(Input::Said { unit, generation, word: Word::Ready });
            }
            Fate::StaleEnd(unit) => {
                let generation = self.generation[unit].wrapping_sub(1);
                self.handle(Input::Ended { unit, generation, ended: Ended::Code(0) });
            }
            Fate::Restart(unit) => {
                self.restarted[unit] = true;
                self.handle(Input::Restart { unit });
            }
            Fate::Wait(ms) => {
                self.now += Duration::from_millis(ms);
                self.handle(Input::Tick);
            }
        }
    }
}

proptest! {
    #[test]
    fn nothing_starts_before_its_needs_and_all_of_it_stops(
        needs in needs(),
        before in prop::collection::vec(fate(), 0..60),
        after in prop::collection::vec(fate(), 0..10),
    ) {
        let mut world = World::new(needs);
        world.handle(Input::Begin);
        before.iter().for_each(|fate| world.live(fate));
        world.stopping = true;
        world.handle(Input::Stop { grace: Duration::from_secs(1) });
        after.iter().for_each(|fate| world.live(fate));
        // Whoever is left ends in the end, since it is killed.
        for _ in 0..world.needs.len() {
            world.live(&Fate::Wait(1_000));
            (0..world.needs.len()).for_each(|unit| world.dies(unit));
        }
        prop_assert!(world.core.is_stopped());
        prop_assert_eq!(world.core.deadline(), None);
    }

    /// When all that starts gets ready, all gets ready.
    #[test]
    fn the_start_comes_to_its_end(needs in needs()) {
        let mut world = World::new(needs);
        world.handle(Input::Begin);
        for _ in 0..world.needs.len() {
            (0..world.needs.len()).for_each(|unit| world.ready(unit));
        }
        prop_assert!(world.was_ready.iter().all(|ready| *ready));
    }
}
