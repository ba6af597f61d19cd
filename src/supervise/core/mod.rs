//! What to do when: all decisions about units, without processes, sockets or clocks.
//!
//! A unit starts when all its needs *have been* ready: READY is never withdrawn, so that a restart
//! of one unit does not bounce those that need it.

mod input;
#[cfg(test)]
mod properties;
mod state;
#[cfg(test)]
mod tests;

pub(crate) use input::{Effect, Input, Word};

use crate::{Backoff, Ended};
use state::{Slot, State};
use std::time::{Duration, Instant};

/// A unit that ran this long is taken to be well: its next back-off begins anew.
const WELL_AFTER: Duration = Duration::from_secs(10);

/// How long a unit may take to end when it is to be restarted.
pub(crate) const RESTART_GRACE: Duration = Duration::from_secs(10);

pub(crate) struct Core {
    slots: Vec<Slot>,
    /// Once stopping, a core never starts anything again.
    stopping: Option<Duration>,
    /// Whether the outcome of the start has been told: all ready, or the first failure.
    settled: bool,
    effects: Vec<Effect>,
}

impl Core {
    /// A core for units with these needs (which must not contain cycles) and back-offs.
    pub fn new(needs: &[Vec<usize>], backoffs: &[Backoff]) -> Self {
        let mut slots: Vec<Slot> =
            needs.iter().zip(backoffs).map(|(needs, b)| Slot::new(needs, *b)).collect();
        for (unit, needs) in needs.iter().enumerate() {
            needs.iter().for_each(|need| slots[*need].needed_by.push(unit));
        }
        Self { slots, stopping: None, settled: false, effects: Vec::new() }
    }

    /// Takes in what happened, and says what is to be done, in this order.
    pub fn handle(&mut self, input: Input, now: Instant) -> Vec<Effect> {
        match input {
            Input::Begin => self.start_what_can(now),
            Input::Said { unit, generation, word } => self.said(unit, generation, word, now),
            Input::Ended { unit, generation, ended } => self.ended(unit, generation, ended, now),
            Input::Restart { unit } => self.restart(unit, now),
            Input::Stop { grace } => self.stop(grace, now),
            Input::Tick => self.tick(now),
        }
        std::mem::take(&mut self.effects)
    }

    /// When [`Input::Tick`] is due next.
    pub fn deadline(&self) -> Option<Instant> {
        self.slots.iter().filter_map(|slot| slot.state.deadline()).min()
    }

    pub fn is_stopped(&self) -> bool {
        self.slots.iter().all(|slot| slot.state == State::Stopped)
    }

    fn start_what_can(&mut self, now: Instant) {
        for unit in 0..self.slots.len() {
            let slot = &self.slots[unit];
            let can = slot.needs.iter().all(|need| self.slots[*need].was_ready);
            if slot.state == State::Waiting && can && self.stopping.is_none() {
                self.spawn(unit, now);
            }
        }
        self.settle();
    }

    fn spawn(&mut self, unit: usize, now: Instant) {
        let slot = &mut self.slots[unit];
        slot.generation += 1;
        slot.state = State::Starting { since: now };
        self.effects.push(Effect::Spawn { unit, generation: slot.generation });
    }

    fn said(&mut self, unit: usize, generation: u64, word: Word, now: Instant) {
        let slot = &mut self.slots[unit];
        if slot.generation != generation || slot.state == State::Stopped {
            return;
        }
        match (word, slot.state) {
            (Word::Status(text), _) => self.effects.push(Effect::Status { unit, text }),
            (Word::Ready, State::Starting { since }) => {
                slot.state = State::Ready { since: now };
                slot.was_ready = true;
                let took = now.saturating_duration_since(since);
                self.effects.push(Effect::Ready { unit, took });
                self.start_what_can(now);
            }
            // READY is said once; STOPPING changes nothing, since the end itself is seen.
            (Word::Ready | Word::Stopping, _) => {}
        }
    }

    fn ended(&mut self, unit: usize, generation: u64, ended: Ended, now: Instant) {
        let slot = &mut self.slots[unit];
        if slot.generation != generation {
            return;
        }
        match slot.state {
            State::Starting { .. } | State::Ready { .. } if self.stopping.is_some() => {
                self.stopped(unit, Some(ended), now);
            }
            State::Starting { since } | State::Ready { since } => {
                self.back_off(unit, since, ended, now);
            }
            State::Ending { again: true, .. } => self.spawn(unit, now),
            State::Ending { again: false, .. } => self.stopped(unit, Some(ended), now),
            State::Waiting | State::BackingOff { .. } | State::Stopped => {}
        }
    }

    fn back_off(&mut self, unit: usize, since: Instant, ended: Ended, now: Instant) {
        let slot = &mut self.slots[unit];
        let was_well = matches!(slot.state, State::Ready { .. });
        if was_well && now.saturating_duration_since(since) >= WELL_AFTER {
            slot.delay = slot.backoff.first;
        }
        let delay = slot.delay;
        slot.delay = slot.backoff.after(delay);
        slot.state = State::BackingOff { until: now + delay };
        let first_failure = !slot.was_ready && !self.settled;
        if first_failure {
            self.settled = true;
            self.effects.push(Effect::Failed { unit, ended: ended.clone() });
        }
        self.effects.push(Effect::Ended { unit, ended, again_in: delay });
    }

    fn restart(&mut self, unit: usize, now: Instant) {
        if self.stopping.is_some() {
            return;
        }
        match &mut self.slots[unit].state {
            State::Starting { .. } | State::Ready { .. } => {
                self.end(unit, now + RESTART_GRACE, true);
            }
            State::Ending { again, .. } => *again = true,
            State::BackingOff { .. } => self.spawn(unit, now),
            State::Waiting | State::Stopped => {}
        }
    }

    fn end(&mut self, unit: usize, kill_at: Instant, again: bool) {
        self.slots[unit].state = State::Ending { kill_at, killed: false, again };
        self.effects.push(Effect::Terminate { unit });
    }

    fn stop(&mut self, grace: Duration, now: Instant) {
        self.settled = true;
        // A second, more impatient stop shortens the first.
        let grace = self.stopping.map_or(grace, |before| before.min(grace));
        self.stopping = Some(grace);
        for unit in 0..self.slots.len() {
            match &mut self.slots[unit].state {
                State::Waiting | State::BackingOff { .. } => {
                    self.slots[unit].state = State::Stopped;
                    self.effects.push(Effect::Stopped { unit, ended: None });
                }
                State::Ending { kill_at, again, .. } => {
                    *kill_at = (*kill_at).min(now + grace);
                    *again = false;
                }
                State::Starting { .. } | State::Ready { .. } | State::Stopped => {}
            }
        }
        self.stop_what_can(now);
    }

    /// Ends the units that nobody needs any more.
    fn stop_what_can(&mut self, now: Instant) {
        let Some(grace) = self.stopping else { return };
        for unit in 0..self.slots.len() {
            let slot = &self.slots[unit];
            let needed = slot.needed_by.iter().any(|by| self.slots[*by].state != State::Stopped);
            let runs = matches!(slot.state, State::Starting { .. } | State::Ready { .. });
            if runs && !needed {
                self.end(unit, now + grace, false);
            }
        }
    }

    fn stopped(&mut self, unit: usize, ended: Option<Ended>, now: Instant) {
        self.slots[unit].state = State::Stopped;
        self.effects.push(Effect::Stopped { unit, ended });
        self.stop_what_can(now);
    }

    fn tick(&mut self, now: Instant) {
        for unit in 0..self.slots.len() {
            match &mut self.slots[unit].state {
                State::BackingOff { until } if *until <= now => self.spawn(unit, now),
                State::Ending { kill_at, killed, .. } if *kill_at <= now && !*killed => {
                    *killed = true;
                    self.effects.push(Effect::Kill { unit });
                }
                _ => {}
            }
        }
    }

    fn settle(&mut self) {
        if !self.settled && self.slots.iter().all(|slot| slot.was_ready) {
            self.settled = true;
            self.effects.push(Effect::AllReady);
        }
    }
}
