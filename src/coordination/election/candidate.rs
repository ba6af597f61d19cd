//! The decisions of one candidacy, without a clock or a network of its own.

use crate::Position;
use std::time::{Duration, Instant};

/// What has happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Input {
    /// A lease was granted, which was asked for at `sent`.
    Granted { lease: i64, sent: Instant },
    /// The candidate's key stands, made at `revision` of this quorum (etcd's cluster id).
    Joined { quorum: u64, revision: i64 },
    /// The nearest candidate before this one, as of `revision`; none: this one is the first.
    Ahead { key: Option<Vec<u8>>, at: Position },
    /// That candidate's key is gone.
    AheadGone,
    /// The own key is gone, whoever took it away.
    OwnGone,
    /// The lease was renewed, as asked for at `sent`.
    Renewed { sent: Instant },
    /// An attempt to renew it failed; the lease may be renewed all the same.
    NotRenewed,
    /// The quorum does not know the lease (any more).
    LeaseGone,
    /// [`Candidate::wake_at`] has come.
    Tick,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Ask for a lease.
    Grant,
    /// Make the key of the candidate under `lease`, or find it there already.
    Join { lease: i64 },
    /// Tell when the own key goes.
    GuardOwn { lease: i64, made: Position },
    /// Find the nearest candidate made before `revision`.
    LookAhead { revision: i64 },
    /// Tell when `key` goes, from `from` on.
    AwaitGone { key: Vec<u8>, from: Position },
    /// Renew `lease`, giving up after `patience`.
    Renew { lease: i64, patience: Duration },
}

/// Why a candidacy ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum End {
    /// The lease could not be renewed in time: the quorum may let it go.
    #[error("the lease could not be renewed in time")]
    NotRenewed,
    /// The quorum has let the lease go.
    #[error("the quorum has let the lease go")]
    LeaseGone,
    /// Someone took the key away.
    #[error("the key in the election was taken away")]
    KeyGone,
}

/// Where a candidacy stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// A lease is asked for.
    Granting,
    /// The key is being made.
    Joining,
    /// Someone may be ahead.
    Waiting,
    /// Elected, at the create revision of the key.
    Leading {
        revision: i64,
    },
    Ended(End),
}

/// One candidacy, from the lease to its end.
#[derive(Debug)]
pub(crate) struct Candidate {
    ttl: Duration,
    phase: Phase,
    lease: Option<Lease>,
    /// The quorum that the own key stands in; 0 before it does.
    quorum: u64,
    /// Create revision of the own key.
    revision: i64,
}

#[derive(Debug)]
struct Lease {
    id: i64,
    /// When the last renewal that is known to have worked was asked for. The quorum keeps the lease
    /// for at least `ttl` from then on, since it cannot have heard of it earlier.
    confirmed: Instant,
    /// When to try next, unless an attempt is under way.
    renew_at: Option<Instant>,
}

impl Candidate {
    pub(crate) fn new(ttl: Duration) -> Self {
        Self { ttl, phase: Phase::Granting, lease: None, quorum: 0, revision: 0 }
    }

    pub(crate) fn start(&self) -> Vec<Effect> {
        vec![Effect::Grant]
    }

    pub(crate) fn phase(&self) -> Phase {
        self.phase
    }

    pub(crate) fn lease(&self) -> Option<i64> {
        self.lease.as_ref().map(|lease| lease.id)
    }

    /// Where [`Phase::Leading`]'s revision counts.
    pub(crate) fn quorum(&self) -> u64 {
        self.quorum
    }

    /// Until when the lease is certainly held, with a margin of a third of its life for clocks that
    /// do not run alike and for what was decided just before.
    pub(crate) fn valid_until(&self) -> Option<Instant> {
        self.lease.as_ref().map(|lease| lease.confirmed + self.ttl * 2 / 3)
    }

    /// When [`Input::Tick`] is due.
    pub(crate) fn wake_at(&self) -> Option<Instant> {
        if let Phase::Ended(_) = self.phase {
            return None;
        }
        let renew_at = self.lease.as_ref().and_then(|lease| lease.renew_at);
        [self.valid_until(), renew_at].into_iter().flatten().min()
    }

    /// Takes in what has happened, and says what to do.
    pub(crate) fn handle(&mut self, input: Input, now: Instant) -> Vec<Effect> {
        if let Phase::Ended(_) = self.phase {
            return Vec::new();
        }
        // A renewal may have been answered in time though it is handled late.
        if let Input::Renewed { sent } = input {
            self.renewed(sent);
        }
        if self.valid_until().is_some_and(|until| now >= until) {
            return self.end(End::NotRenewed);
        }
        let mut effects = match input {
            Input::Granted { lease, sent } => self.granted(lease, sent, now),
            Input::Joined { quorum, revision } => self.joined(quorum, revision),
            Input::Ahead { key, at } => self.ahead(key, at),
            Input::AheadGone => self.look_ahead(),
            Input::NotRenewed => self.not_renewed(now),
            Input::OwnGone => return self.end(End::KeyGone),
            Input::LeaseGone => return self.end(End::LeaseGone),
            Input::Renewed { .. } | Input::Tick => Vec::new(),
        };
        if !matches!(self.phase, Phase::Ended(_)) {
            effects.extend(self.renewal(now));
        }
        effects
    }

    fn granted(&mut self, lease: i64, sent: Instant, now: Instant) -> Vec<Effect> {
        if self.phase != Phase::Granting {
            return Vec::new();
        }
        let renew_at = Some(sent + self.renew_every());
        self.lease = Some(Lease { id: lease, confirmed: sent, renew_at });
        if now >= sent + self.ttl * 2 / 3 {
            return self.end(End::NotRenewed);
        }
        self.phase = Phase::Joining;
        vec![Effect::Join { lease }]
    }

    fn joined(&mut self, quorum: u64, revision: i64) -> Vec<Effect> {
        let (Phase::Joining, Some(lease)) = (self.phase, self.lease()) else { return Vec::new() };
        self.phase = Phase::Waiting;
        (self.quorum, self.revision) = (quorum, revision);
        let made = Position { quorum, revision };
        vec![Effect::GuardOwn { lease, made }, Effect::LookAhead { revision }]
    }

    fn ahead(&mut self, key: Option<Vec<u8>>, at: Position) -> Vec<Effect> {
        if self.phase != Phase::Waiting {
            return Vec::new();
        }
        let Some(key) = key else {
            // Candidates to come get higher revisions: this stays true while the key stands.
            self.phase = Phase::Leading { revision: self.revision };
            return Vec::new();
        };
        vec![Effect::AwaitGone { key, from: at.next() }]
    }

    fn look_ahead(&self) -> Vec<Effect> {
        if self.phase != Phase::Waiting {
            return Vec::new();
        }
        // Another one may still be ahead: the one that went may itself have waited.
        vec![Effect::LookAhead { revision: self.revision }]
    }

    fn renewed(&mut self, sent: Instant) {
        let every = self.renew_every();
        if let Some(lease) = &mut self.lease {
            lease.confirmed = lease.confirmed.max(sent);
            lease.renew_at = Some(sent + every);
        }
    }

    fn not_renewed(&mut self, now: Instant) -> Vec<Effect> {
        let soon = self.renew_every() / 4;
        if let Some(lease) = &mut self.lease {
            lease.renew_at = Some(now + soon);
        }
        Vec::new()
    }

    fn renewal(&mut self, now: Instant) -> Option<Effect> {
        let patience = self.renew_every();
        let lease = self.lease.as_mut()?;
        if now < lease.renew_at? {
            return None;
        }
        lease.renew_at = None;
        Some(Effect::Renew { lease: lease.id, patience })
    }

    /// Leaves room for two failed attempts and a good one before the lease counts as lost.
    fn renew_every(&self) -> Duration {
        self.ttl / 6
    }

    fn end(&mut self, end: End) -> Vec<Effect> {
        self.phase = Phase::Ended(end);
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TTL: Duration = Duration::from_secs(6);
    const SECOND: Duration = Duration::from_secs(1);

    fn at(revision: i64) -> Position {
        Position { quorum: 3, revision }
    }

    /// A candidate that leads, with a lease asked for at the returned time.
    fn leading() -> (Candidate, Instant) {
        let start = Instant::now();
        let mut one = Candidate::new(TTL);
        assert_eq!(one.start(), [Effect::Grant]);
        let joins = one.handle(Input::Granted { lease: 7, sent: start }, start);
        assert_eq!(joins, [Effect::Join { lease: 7 }]);
        one.handle(Input::Joined { quorum: 3, revision: 40 }, start);
        one.handle(Input::Ahead { key: None, at: at(41) }, start);
        assert_eq!(one.phase(), Phase::Leading { revision: 40 });
        assert_eq!(one.quorum(), 3);
        (one, start)
    }

    #[test]
    fn it_waits_for_all_who_came_before() {
        let start = Instant::now();
        let mut one = Candidate::new(TTL);
        one.handle(Input::Granted { lease: 7, sent: start }, start);
        one.handle(Input::Joined { quorum: 3, revision: 40 }, start);
        for before in [b"b", b"a"] {
            let waits = one.handle(Input::Ahead { key: Some(before.to_vec()), at: at(50) }, start);
            assert_eq!(waits, [Effect::AwaitGone { key: before.to_vec(), from: at(51) }]);
            assert_eq!(one.phase(), Phase::Waiting);
            let looks = one.handle(Input::AheadGone, start);
            assert_eq!(looks, [Effect::LookAhead { revision: 40 }]);
        }
        one.handle(Input::Ahead { key: None, at: at(60) }, start);
        assert_eq!(one.phase(), Phase::Leading { revision: 40 });
    }

    #[test]
    fn it_renews_in_time_and_tries_again_soon() {
        let (mut one, start) = leading();
        assert_eq!(one.wake_at(), Some(start + SECOND));
        let renews = one.handle(Input::Tick, start + SECOND);
        assert_eq!(renews, [Effect::Renew { lease: 7, patience: SECOND }]);
        assert_eq!(one.handle(Input::Tick, start + SECOND * 2), [], "one attempt at a time");
        one.handle(Input::NotRenewed, start + SECOND * 2);
        assert_eq!(one.wake_at(), Some(start + SECOND * 2 + SECOND / 4));
        one.handle(Input::Tick, start + SECOND * 5 / 2);
        one.handle(Input::Renewed { sent: start + SECOND * 5 / 2 }, start + SECOND * 3);
        assert_eq!(one.valid_until(), Some(start + SECOND * 13 / 2));
    }

    #[test]
    fn it_counts_as_deposed_before_the_quorum_lets_the_lease_go() {
        let (mut one, start) = leading();
        one.handle(Input::Tick, start + TTL * 2 / 3 - Duration::from_millis(1));
        assert!(matches!(one.phase(), Phase::Leading { .. }));
        one.handle(Input::Tick, start + TTL * 2 / 3);
        assert_eq!(one.phase(), Phase::Ended(End::NotRenewed));
        one.handle(Input::Renewed { sent: start + TTL }, start + TTL);
        assert_eq!(one.phase(), Phase::Ended(End::NotRenewed), "there is no way back");
        assert_eq!(one.wake_at(), None);
    }

    #[test]
    fn after_a_long_pause_nothing_elects_it() {
        let start = Instant::now();
        let mut one = Candidate::new(TTL);
        one.handle(Input::Granted { lease: 7, sent: start }, start);
        one.handle(Input::Joined { quorum: 3, revision: 40 }, start);
        one.handle(Input::Ahead { key: None, at: at(41) }, start + TTL);
        assert_eq!(one.phase(), Phase::Ended(End::NotRenewed));
        let mut late = Candidate::new(TTL);
        assert_eq!(late.handle(Input::Granted { lease: 7, sent: start }, start + TTL), []);
        assert_eq!(late.phase(), Phase::Ended(End::NotRenewed));
    }

    #[test]
    fn a_lost_key_or_lease_ends_it() {
        for (input, end) in [(Input::OwnGone, End::KeyGone), (Input::LeaseGone, End::LeaseGone)] {
            let (mut one, start) = leading();
            assert_eq!(one.handle(input, start), []);
            assert_eq!(one.phase(), Phase::Ended(end));
        }
    }
}
