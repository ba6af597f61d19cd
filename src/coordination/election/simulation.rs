//! Several candidates and a quorum on one made-up clock: messages are late or lost, candidates are
//! paused, their clocks run at different speeds.

use super::candidate::{Candidate, Effect, Input, Phase};
use crate::Position;
use proptest::prelude::*;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::time::{Duration, Instant};

/// Milliseconds of the world's clock.
type Ms = u64;

const TTL: Ms = 5_000;
const RETRY: Ms = 1_000;
/// Long enough for every lease to end, for every lost message to be sent again, and for an election.
const CALM: Ms = 10 * TTL;

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Request { who: usize, life: u32, number: usize },
    Answer { who: usize, life: u32, number: usize },
    Revoke { lease: i64 },
    Wake { who: usize, life: u32 },
    Expire,
}

/// One candidate after another, on one machine.
struct Machine {
    candidate: Candidate,
    life: u32,
    paused_until: Ms,
    /// Speed of its clock, in percent of the world's.
    speed: u64,
}

struct Key {
    revision: i64,
    lease: i64,
}

struct World {
    base: Instant,
    now: Ms,
    machines: Vec<Machine>,
    queue: BinaryHeap<Reverse<(Ms, u64, Event)>>,
    sequence: u64,
    effects: Vec<Effect>,
    inputs: Vec<Input>,
    /// What the network does with each message, in turn; then it is calm.
    chaos: std::vec::IntoIter<(u8, u16)>,
    granted: i64,
    leases: BTreeMap<i64, Ms>,
    keys: BTreeMap<Vec<u8>, Key>,
    waiting: Vec<(Vec<u8>, usize, u32, Input)>,
    revision: i64,
    highest_elected: i64,
}

impl World {
    fn new(speeds: &[u64], chaos: Vec<(u8, u16)>) -> Self {
        let machine = |speed: &u64| Machine {
            candidate: Candidate::new(Duration::from_millis(TTL)),
            life: 0,
            paused_until: 0,
            speed: *speed,
        };
        let mut world = Self {
            base: Instant::now(),
            now: 0,
            machines: speeds.iter().map(machine).collect(),
            queue: BinaryHeap::new(),
            sequence: 0,
            effects: Vec::new(),
            inputs: Vec::new(),
            chaos: chaos.into_iter(),
            granted: 0,
            leases: BTreeMap::new(),
            keys: BTreeMap::new(),
            waiting: Vec::new(),
            revision: 0,
            highest_elected: 0,
        };
        for who in 0..speeds.len() {
            let effects = world.machines[who].candidate.start();
            world.carry_out(who, effects);
        }
        world
    }

    /// The time on a machine's own clock.
    fn local(&self, who: usize) -> Instant {
        self.base + Duration::from_millis(self.now * self.machines[who].speed / 100)
    }

    fn at(&mut self, when: Ms, event: Event) {
        self.sequence += 1;
        self.queue.push(Reverse((when, self.sequence, event)));
    }

    /// How long the next message takes; none: it is lost.
    fn fate(&mut self) -> Option<Ms> {
        match self.chaos.next() {
            None => Some(5),
            Some((0..=50, _)) => None,
            Some((51..=100, delay)) => Some(u64::from(delay) % (2 * TTL)),
            Some((101..=130, pause)) => {
                let who = usize::from(pause) % self.machines.len();
                self.machines[who].paused_until = self.now + u64::from(pause) % (3 * TTL);
                Some(5)
            }
            Some((_, delay)) => Some(u64::from(delay) % 50),
        }
    }

    fn run(&mut self) -> Result<(), TestCaseError> {
        let mut calm_since = None;
        while let Some(Reverse((when, _, event))) = self.queue.pop() {
            self.now = when;
            if self.chaos.len() == 0 && when > *calm_since.get_or_insert(when) + CALM {
                break;
            }
            self.happen(event);
            self.check()?;
        }
        prop_assert_eq!(self.leading().len(), 1, "in the end someone leads");
        Ok(())
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Request { who, life, number } => self.request(who, life, number),
            Event::Answer { who, life, .. } | Event::Wake { who, life }
                if self.machines[who].life == life
                    && self.machines[who].paused_until > self.now =>
            {
                self.at(self.machines[who].paused_until, event);
            }
            Event::Answer { who, life, number } => {
                self.tell(who, life, self.inputs[number].clone())
            }
            Event::Wake { who, life } => self.tell(who, life, Input::Tick),
            Event::Revoke { lease } => self.end_lease(lease),
            Event::Expire => self.expire(),
        }
    }

    fn tell(&mut self, who: usize, life: u32, input: Input) {
        if self.machines[who].life != life {
            return;
        }
        let now = self.local(who);
        let before = self.machines[who].candidate.phase();
        let effects = self.machines[who].candidate.handle(input, now);
        match self.machines[who].candidate.phase() {
            Phase::Ended(_) => self.stand_again(who),
            phase => {
                if let (Phase::Leading { revision }, true) = (phase, phase != before) {
                    assert!(revision > self.highest_elected, "fencing tokens grow");
                    self.highest_elected = revision;
                }
                self.carry_out(who, effects);
            }
        }
    }

    fn stand_again(&mut self, who: usize) {
        if let (Some(lease), Some(delay)) = (self.machines[who].candidate.lease(), self.fate()) {
            self.at(self.now + delay, Event::Revoke { lease });
        }
        self.machines[who].life += 1;
        self.machines[who].candidate = Candidate::new(Duration::from_millis(TTL));
        let effects = self.machines[who].candidate.start();
        self.carry_out(who, effects);
    }

    fn carry_out(&mut self, who: usize, effects: Vec<Effect>) {
        let life = self.machines[who].life;
        for effect in effects {
            self.effects.push(effect);
            let number = self.effects.len() - 1;
            self.send(who, life, number);
        }
        if let Some(wake) = self.machines[who].candidate.wake_at() {
            let local = wake.saturating_duration_since(self.base).as_millis() as u64;
            let when = (local * 100).div_ceil(self.machines[who].speed);
            self.at(when.max(self.now + 1), Event::Wake { who, life });
        }
    }

    /// Sends an effect to the quorum. What gets lost is sent again, except for renewals.
    fn send(&mut self, who: usize, life: u32, number: usize) {
        let renewal = matches!(self.effects[number], Effect::Renew { .. });
        match self.fate() {
            Some(delay) => self.at(self.now + delay, Event::Request { who, life, number }),
            None if renewal => self.answer(who, life, RETRY, Input::NotRenewed),
            None => self.at(self.now + RETRY, Event::Request { who, life, number }),
        }
    }

    fn answer(&mut self, who: usize, life: u32, delay: Ms, input: Input) {
        self.inputs.push(input);
        let number = self.inputs.len() - 1;
        self.at(self.now + delay, Event::Answer { who, life, number });
    }

    fn reply(&mut self, who: usize, life: u32, number: usize, input: Input) {
        match (self.fate(), &input) {
            (Some(delay), _) => self.answer(who, life, delay, input),
            (None, Input::Renewed { .. }) => self.answer(who, life, RETRY, Input::NotRenewed),
            // The answer is lost: the request is repeated.
            (None, _) => self.at(self.now + RETRY, Event::Request { who, life, number }),
        }
    }

    /// The quorum's side.
    fn request(&mut self, who: usize, life: u32, number: usize) {
        let input = match self.effects[number].clone() {
            Effect::Grant => {
                self.granted += 1;
                let lease = self.granted;
                // Asked for at the latest now: on a slow network even earlier would be right.
                let sent = self.local(who);
                self.extend(lease);
                Input::Granted { lease, sent }
            }
            Effect::Renew { lease, .. } if self.leases.contains_key(&lease) => {
                let sent = self.local(who);
                self.extend(lease);
                Input::Renewed { sent }
            }
            Effect::Join { lease } if self.leases.contains_key(&lease) => {
                Input::Joined { quorum: 3, revision: self.join(lease) }
            }
            Effect::Renew { .. } | Effect::Join { .. } => Input::LeaseGone,
            Effect::LookAhead { revision } => {
                let before = self.keys.iter().filter(|(_, key)| key.revision < revision);
                let nearest = before.max_by_key(|(_, key)| key.revision);
                let key = nearest.map(|(name, _)| name.clone());
                Input::Ahead { key, at: Position { quorum: 3, revision: self.revision } }
            }
            Effect::AwaitGone { key, .. } => return self.wait(key, who, life, Input::AheadGone),
            Effect::GuardOwn { lease, .. } => {
                return self.wait(name(lease), who, life, Input::OwnGone);
            }
        };
        self.reply(who, life, number, input);
    }

    fn extend(&mut self, lease: i64) {
        self.leases.insert(lease, self.now + TTL);
        self.at(self.now + TTL, Event::Expire);
    }

    fn join(&mut self, lease: i64) -> i64 {
        if !self.keys.contains_key(&name(lease)) {
            self.revision += 1;
            self.keys.insert(name(lease), Key { revision: self.revision, lease });
        }
        self.keys[&name(lease)].revision
    }

    fn wait(&mut self, key: Vec<u8>, who: usize, life: u32, then: Input) {
        match self.keys.contains_key(&key) {
            true => self.waiting.push((key, who, life, then)),
            false => self.answer(who, life, 5, then),
        }
    }

    fn expire(&mut self) {
        let over = self.leases.iter().filter(|(_, end)| **end <= self.now);
        let over: Vec<i64> = over.map(|(lease, _)| *lease).collect();
        over.into_iter().for_each(|lease| self.end_lease(lease));
    }

    fn end_lease(&mut self, lease: i64) {
        self.leases.remove(&lease);
        self.keys.retain(|_, key| key.lease != lease);
        let told: Vec<_> = self.waiting.extract_if(.., |(key, ..)| *key == name(lease)).collect();
        if !told.is_empty() {
            self.revision += 1;
        }
        for (_, who, life, then) in told {
            // Watches resume: the news may be late, but it comes.
            let delay = self.fate().unwrap_or(RETRY);
            self.answer(who, life, delay, then);
        }
    }

    /// Who believes to lead, by its own clock.
    fn leading(&self) -> Vec<(usize, i64)> {
        let believes = |who: usize| match self.machines[who].candidate.phase() {
            Phase::Leading { revision }
                if self.machines[who].candidate.valid_until() > Some(self.local(who)) =>
            {
                Some((who, revision))
            }
            _ => None,
        };
        (0..self.machines.len()).filter_map(believes).collect()
    }

    fn check(&self) -> Result<(), TestCaseError> {
        let leading = self.leading();
        prop_assert!(leading.len() <= 1, "{leading:?} all lead at {}", self.now);
        for (who, revision) in leading {
            let lowest = self.keys.values().map(|key| key.revision).min();
            prop_assert_eq!(Some(revision), lowest, "{} leads without its key", who);
        }
        Ok(())
    }
}

fn name(lease: i64) -> Vec<u8> {
    lease.to_be_bytes().to_vec()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn never_two_leaders_and_always_one_in_the_end(
        speeds in proptest::collection::vec(75_u64..130, 2..5),
        chaos in proptest::collection::vec(any::<(u8, u16)>(), 0..400),
    ) {
        World::new(&speeds, chaos).run()?;
    }
}
