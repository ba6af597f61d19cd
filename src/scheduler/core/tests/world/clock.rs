//! Time, and one input after the other.

use super::World;
use crate::core::{Input, Now, Op};
use std::time::Duration;

impl World {
    /// Time passes; the core is woken whenever it asked to be.
    pub fn pass(&mut self, seconds: f64) -> &mut Self {
        let end = self.now.tick + Duration::from_secs_f64(seconds);
        while let Some(wake) = self.core.next_wake().filter(|wake| *wake <= end) {
            self.advance_to(wake.max(self.now.tick));
            self.give(Input::Wake);
            assert!(self.core.next_wake() > Some(wake), "the core wakes in circles");
        }
        self.advance_to(end);
        self
    }

    pub(super) fn advance_to(&mut self, tick: Duration) {
        let tick = tick.max(self.now.tick);
        let step = tick - self.now.tick;
        let wall = self.now.wall.plus_millis(step.as_millis() as i64);
        self.now = Now { wall, tick };
    }

    /// The core takes `input`; what it wants is committed and then done, and so is what follows.
    pub fn give(&mut self, input: Input) -> &mut Self {
        self.advance_to(self.now.tick + Duration::from_millis(1));
        let turn = self.core.handle(input, self.now);
        self.carry_out(turn);
        self.flush()
    }

    pub(super) fn flush(&mut self) -> &mut Self {
        while let Some(update) = self.updates.pop_front() {
            let turn = self.core.handle(Input::Update(update), self.now);
            self.carry_out(turn);
        }
        self
    }

    pub(super) fn commit(&mut self, ops: &[Op]) {
        for op in ops {
            match op.clone() {
                Op::Put { key, value } => drop(self.records.insert(key, value)),
                Op::Delete { key } => drop(self.records.remove(&key)),
                Op::DeletePrefix { prefix } => self.records.retain(|k, _| !k.starts_with(&prefix)),
            }
        }
    }
}
