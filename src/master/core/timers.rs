use mesoform_mesos::{AgentId, FrameworkId};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What is to be done at some time; each at most once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    Allocate,
    /// The next refusal of an offer ends.
    Refusals,
    Reregister,
    Ping(AgentId),
    Heartbeat(FrameworkId),
    /// The framework has not come back.
    Failover(FrameworkId),
}

/// An alarm clock.
#[derive(Debug, Default)]
pub struct Timers {
    due: BTreeMap<Timer, Duration>,
    queue: BTreeSet<(Duration, Timer)>,
}

impl Timers {
    /// Sets a timer, in place of its earlier setting.
    pub fn set(&mut self, timer: Timer, at: Duration) {
        self.cancel(&timer);
        self.due.insert(timer.clone(), at);
        self.queue.insert((at, timer));
    }

    /// Sets a timer, unless it is due earlier anyway.
    pub fn set_by(&mut self, timer: Timer, at: Duration) {
        if self.due.get(&timer).is_none_or(|due| *due > at) {
            self.set(timer, at);
        }
    }

    pub fn cancel(&mut self, timer: &Timer) {
        if let Some(at) = self.due.remove(timer) {
            self.queue.remove(&(at, timer.clone()));
        }
    }

    pub fn next(&self) -> Option<Duration> {
        self.queue.first().map(|(at, _)| *at)
    }

    /// The first timer that is due, which is then no longer set.
    pub fn take_due(&mut self, now: Duration) -> Option<Timer> {
        if self.next()? > now {
            return None;
        }
        let (_, timer) = self.queue.pop_first()?;
        self.due.remove(&timer);
        Some(timer)
    }
}
