//! How long a connection may go on as it does: the decisions, without any connection.

use crate::Limits;
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::Instant;

/// Why a connection has to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// No request came, or not all of its head.
    Silent,
    /// Nothing was asked for too long after the last answer.
    Idle,
    /// The answer is not taken.
    Stalled,
}

/// What is going on on one connection.
///
/// What happens is told to it; the answer is whether the clock must be looked at sooner than
/// [`Self::arm`] said.
#[derive(Debug)]
pub(crate) struct Patience {
    head: Duration,
    idle: Duration,
    stall: Duration,
    /// Once the caller has proved who he is.
    idle_known: Duration,
    phase: Phase,
    /// Requests that came and are not answered to the end.
    open: usize,
    /// Since when the socket takes nothing.
    blocked: Option<Instant>,
    /// Answers of which a piece was handed over and is not taken yet, and since when.
    offered: HashMap<u64, Instant>,
    next: u64,
    /// When whoever watches over this will look at the clock next.
    armed: Option<Instant>,
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    /// The first request has not come.
    First { since: Instant },
    /// HTTP/1: after its first request.
    Single { quiet: Instant, head: Option<Instant> },
    /// HTTP/2: bytes come also between requests.
    Multiplexed { quiet: Instant },
}

impl Patience {
    pub(crate) fn new(limits: &Limits, known: bool, now: Instant) -> Self {
        Self {
            head: limits.head,
            idle: if known { limits.idle } else { limits.idle_stranger },
            stall: limits.stall,
            idle_known: limits.idle,
            phase: Phase::First { since: now },
            open: 0,
            blocked: None,
            offered: HashMap::new(),
            next: 0,
            armed: None,
        }
    }

    /// The caller has proved who he is.
    pub(crate) fn trust(&mut self) {
        self.idle = self.idle_known;
    }

    /// Bytes came.
    pub(crate) fn read(&mut self, now: Instant) -> bool {
        if self.open == 0
            && let Phase::Single { head: head @ None, .. } = &mut self.phase
        {
            *head = Some(now);
            return self.is_sooner(now + self.head);
        }
        false
    }

    /// Bytes went.
    pub(crate) fn wrote(&mut self, now: Instant) -> bool {
        let went_on = self.blocked.take().is_some();
        // Over HTTP/2 pings are answered without end.
        if let Phase::Single { quiet, .. } = &mut self.phase {
            *quiet = now;
        }
        went_on && self.open == 0 && self.is_sooner(now + self.idle)
    }

    /// Nothing waits to go any more.
    pub(crate) fn flushed(&mut self, now: Instant) -> bool {
        self.blocked.is_some() && self.wrote(now)
    }

    /// Bytes do not go.
    pub(crate) fn blocked(&mut self, now: Instant) -> bool {
        let since = *self.blocked.get_or_insert(now);
        self.is_sooner(since + self.stall)
    }

    /// A request came. Gives a number for its answer.
    pub(crate) fn asked(&mut self, multiplexed: bool, now: Instant) -> u64 {
        self.open += 1;
        self.phase = match multiplexed {
            true => Phase::Multiplexed { quiet: now },
            false => Phase::Single { quiet: now, head: None },
        };
        self.next += 1;
        self.next
    }

    /// A piece of an answer was handed over.
    pub(crate) fn offered(&mut self, answer: u64, now: Instant) -> bool {
        self.offered.insert(answer, now);
        self.is_sooner(now + self.stall)
    }

    /// It was taken: more is asked for.
    pub(crate) fn taken(&mut self, answer: u64) {
        self.offered.remove(&answer);
    }

    /// The answer has ended, one way or the other.
    pub(crate) fn answered(&mut self, answer: u64, now: Instant) -> bool {
        self.offered.remove(&answer);
        self.open = self.open.saturating_sub(1);
        if let Phase::Single { quiet, .. } | Phase::Multiplexed { quiet } = &mut self.phase {
            *quiet = now;
        }
        self.open == 0 && self.is_sooner(now + self.idle)
    }

    /// When the patience ends if nothing happens, and why.
    fn end(&self) -> Option<(Instant, Verdict)> {
        let stalled = self.offered.values().chain(&self.blocked).min();
        let stalled = stalled.map(|since| (*since + self.stall, Verdict::Stalled));
        let silent = (self.open == 0).then(|| match self.phase {
            Phase::First { since } => (since + self.head, Verdict::Silent),
            Phase::Single { head: Some(since), .. } => (since + self.head, Verdict::Silent),
            Phase::Single { quiet, .. } | Phase::Multiplexed { quiet } => {
                (quiet + self.idle, Verdict::Idle)
            }
        });
        match (stalled, silent) {
            // What an answer left in the socket is on its way yet.
            (Some(stalled), Some((_, Verdict::Idle))) => Some(stalled),
            (stalled, silent) => stalled.into_iter().chain(silent).min_by_key(|(at, _)| *at),
        }
    }

    /// When to look at the clock next; `None`: not before something happens.
    pub(crate) fn arm(&mut self) -> Option<Instant> {
        self.armed = self.end().map(|(at, _)| at);
        self.armed
    }

    fn is_sooner(&mut self, at: Instant) -> bool {
        let sooner = self.armed.is_none_or(|armed| at < armed);
        if sooner {
            self.armed = Some(at);
        }
        sooner
    }

    /// Whether the patience is over.
    pub(crate) fn verdict(&self, now: Instant) -> Option<Verdict> {
        self.end().filter(|(at, _)| now >= *at).map(|(_, verdict)| verdict)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn limits() -> Limits {
        Limits {
            head: 10 * SECOND,
            idle: 120 * SECOND,
            idle_stranger: 15 * SECOND,
            stall: 20 * SECOND,
            ..Limits::default()
        }
    }

    fn new(known: bool) -> (Patience, Instant) {
        let now = Instant::now();
        (Patience::new(&limits(), known, now), now)
    }

    #[test]
    fn the_first_request_must_come_soon_whatever_drips() {
        let (mut patience, born) = new(true);
        patience.read(born + 9 * SECOND);
        assert_eq!(patience.verdict(born + 9 * SECOND), None);
        assert_eq!(patience.verdict(born + 10 * SECOND), Some(Verdict::Silent));
    }

    #[test]
    fn strangers_idle_for_a_shorter_time() {
        let (mut patience, now) = new(false);
        let answer = patience.asked(false, now);
        assert_eq!(patience.verdict(now + 1000 * SECOND), None, "an answer takes what it takes");
        patience.answered(answer, now);
        assert_eq!(patience.verdict(now + 14 * SECOND), None);
        assert_eq!(patience.verdict(now + 15 * SECOND), Some(Verdict::Idle));
        patience.trust();
        assert_eq!(patience.verdict(now + 119 * SECOND), None);
        assert_eq!(patience.verdict(now + 120 * SECOND), Some(Verdict::Idle));
    }

    #[test]
    fn later_heads_must_come_soon_too() {
        let (mut patience, now) = new(true);
        let answer = patience.asked(false, now);
        patience.answered(answer, now);
        for second in 50..60 {
            patience.read(now + second * SECOND);
        }
        assert_eq!(patience.verdict(now + 59 * SECOND), None);
        assert_eq!(patience.verdict(now + 60 * SECOND), Some(Verdict::Silent));
    }

    #[test]
    fn pings_of_http2_are_no_heads() {
        let (mut patience, now) = new(true);
        let answer = patience.asked(true, now);
        patience.answered(answer, now);
        patience.read(now + 20 * SECOND);
        patience.wrote(now + 20 * SECOND);
        assert_eq!(patience.verdict(now + 119 * SECOND), None);
        assert_eq!(patience.verdict(now + 120 * SECOND), Some(Verdict::Idle));
    }

    #[test]
    fn a_quiet_stream_stays_and_a_stalled_reader_goes() {
        let (mut patience, now) = new(false);
        let stream = patience.asked(false, now);
        patience.offered(stream, now);
        patience.taken(stream);
        assert_eq!(patience.verdict(now + 1000 * SECOND), None);
        let later = now + 1000 * SECOND;
        patience.offered(stream, later);
        assert_eq!(patience.verdict(later + 19 * SECOND), None);
        assert_eq!(patience.verdict(later + 20 * SECOND), Some(Verdict::Stalled));
        patience.answered(stream, later);
        patience.blocked(later);
        patience.blocked(later + 5 * SECOND);
        assert_eq!(patience.verdict(later + 20 * SECOND), Some(Verdict::Stalled));
        patience.wrote(later + 19 * SECOND);
        assert_eq!(patience.verdict(later + 33 * SECOND), None);
        assert_eq!(patience.verdict(later + 34 * SECOND), Some(Verdict::Idle));
    }

    #[test]
    fn whoever_watches_is_woken_only_for_what_comes_sooner() {
        let (mut patience, now) = new(true);
        assert_eq!(patience.arm(), Some(now + 10 * SECOND));
        let answer = patience.asked(false, now);
        assert_eq!(patience.arm(), None);
        assert!(patience.offered(answer, now));
        patience.taken(answer);
        let later = now + SECOND;
        assert!(!patience.offered(answer, later), "at 20 s it will see that there are 21");
        assert!(!patience.answered(answer, later));
        assert_eq!(patience.arm(), Some(now + 121 * SECOND));
        assert!(patience.read(later), "a head has less time");
        assert!(!patience.read(later));
        assert_eq!(patience.arm(), Some(now + 11 * SECOND));
    }
}
