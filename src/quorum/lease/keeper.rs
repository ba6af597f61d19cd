use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

/// After so long without being gone, a lease that has run out is proposed to be revoked again.
const ASK_AGAIN: Duration = Duration::from_secs(5);

/// What became of the wish to renew a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renewal {
    /// It has so much time again.
    Done(Duration),
    /// It has run out, but is still there: should its revocation fail, it lives on.
    Undecided,
    Unknown,
}

/// Decides which leases have run out. Knows no clock: it is told the time.
///
/// Only a leader's keeper holds leases. A new leader starts them all anew, so that none ends early
/// because of a change of leaders.
#[derive(Debug, Default)]
pub struct Keeper {
    /// The term in which this voter leads.
    term: Option<u64>,
    leases: HashMap<i64, Lease>,
    /// When each lease runs out, or is to be asked for again.
    queue: BTreeSet<(Instant, i64)>,
}

#[derive(Debug, Clone, Copy)]
struct Lease {
    granted: Duration,
    due: Instant,
    /// It has run out; it is only waiting to be revoked.
    over: bool,
}

impl Keeper {
    /// This voter leads in this term from now on; these leases (id, seconds) there are.
    pub fn lead(&mut self, term: u64, leases: impl IntoIterator<Item = (i64, i64)>, now: Instant) {
        self.follow();
        self.term = Some(term);
        for (id, ttl) in leases {
            self.granted(id, ttl, now);
        }
    }

    /// This voter does not lead any more.
    pub fn follow(&mut self) {
        *self = Self::default();
    }

    /// Whether it keeps the leases' time for the leader of this term. Another term's times are void:
    /// in between another voter may have kept them.
    pub fn leads_in(&self, term: u64) -> bool {
        self.term == Some(term)
    }

    pub fn granted(&mut self, id: i64, ttl: i64, now: Instant) {
        if self.term.is_some() {
            let granted = Duration::from_secs(ttl.max(0).unsigned_abs());
            self.put(id, Lease { granted, due: later(now, granted), over: false });
        }
    }

    pub fn revoked(&mut self, id: i64) {
        if let Some(lease) = self.leases.remove(&id) {
            self.queue.remove(&(lease.due, id));
        }
    }

    /// Gives a lease its full time again.
    pub fn renew(&mut self, id: i64, now: Instant) -> Renewal {
        let Some(lease) = self.leases.get(&id).copied() else { return Renewal::Unknown };
        if lease.over || lease.due <= now {
            return Renewal::Undecided;
        }
        self.put(id, Lease { due: later(now, lease.granted), ..lease });
        Renewal::Done(lease.granted)
    }

    /// The time that a lease has left, and the time that it was granted. One that has run out is
    /// there until it is revoked, as in etcd: it has no time left.
    pub fn left(&self, id: i64, now: Instant) -> Option<(Duration, Duration)> {
        let lease = self.leases.get(&id)?;
        let left = lease.due.saturating_duration_since(now);
        Some((if lease.over { Duration::ZERO } else { left }, lease.granted))
    }

    /// The leases that have run out by now and are to be revoked.
    pub fn expired(&mut self, now: Instant) -> Vec<i64> {
        let mut expired = Vec::new();
        while let Some(&(due, id)) = self.queue.first().filter(|(due, _)| *due <= now) {
            self.queue.remove(&(due, id));
            if let Some(lease) = self.leases.get(&id).copied() {
                self.put(id, Lease { due: later(now, ASK_AGAIN), over: true, ..lease });
            }
            expired.push(id);
        }
        expired
    }

    /// When [`Self::expired`] is worth asking next.
    pub fn next(&self) -> Option<Instant> {
        self.queue.first().map(|(due, _)| *due)
    }

    fn put(&mut self, id: i64, lease: Lease) {
        if let Some(old) = self.leases.insert(id, lease) {
            self.queue.remove(&(old.due, id));
        }
        self.queue.insert((lease.due, id));
    }
}

/// A TTL can be longer than a clock reaches: one from before there was a longest that is granted.
fn later(now: Instant, by: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(9_000_000_000);
    now + by.min(FAR)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Clock(Keeper, Instant);

    impl Clock {
        fn leading(leases: &[(i64, i64)]) -> Self {
            let now = Instant::now();
            let mut keeper = Keeper::default();
            keeper.lead(1, leases.iter().copied(), now);
            Self(keeper, now)
        }

        fn after(&mut self, seconds: f64) -> Vec<i64> {
            self.1 += Duration::from_secs_f64(seconds);
            self.0.expired(self.1)
        }

        fn renew(&mut self, id: i64) -> Option<u64> {
            match self.0.renew(id, self.1) {
                Renewal::Done(ttl) => Some(ttl.as_secs()),
                Renewal::Undecided | Renewal::Unknown => None,
            }
        }
    }

    #[test]
    fn a_lease_runs_out_once_and_not_early() {
        let mut clock = Clock::leading(&[(1, 3), (2, 5)]);
        assert_eq!(clock.after(2.9), Vec::<i64>::new());
        assert_eq!(clock.after(0.1), [1]);
        assert_eq!(clock.after(1.0), Vec::<i64>::new());
        assert_eq!(clock.after(1.0), [2]);
    }

    #[test]
    fn renewing_starts_its_time_anew() {
        let mut clock = Clock::leading(&[(1, 3)]);
        for _ in 0..5 {
            assert_eq!(clock.after(2.0), Vec::<i64>::new());
            assert_eq!(clock.renew(1), Some(3));
        }
        assert_eq!(clock.after(3.0), [1]);
    }

    #[test]
    fn what_has_run_out_cannot_be_renewed() {
        let mut clock = Clock::leading(&[(1, 3)]);
        clock.1 += Duration::from_secs(3);
        assert_eq!(clock.renew(1), None);
        assert_eq!(clock.after(0.0), [1]);
        // It is there until it is revoked; only then it is told to be gone.
        assert_eq!(clock.0.renew(1, clock.1), Renewal::Undecided);
        assert_eq!(clock.0.left(1, clock.1), Some((Duration::ZERO, Duration::from_secs(3))));
        clock.0.revoked(1);
        assert_eq!(clock.0.renew(1, clock.1), Renewal::Unknown);
        assert_eq!(clock.0.left(1, clock.1), None);
    }

    #[test]
    fn a_revocation_that_got_lost_is_asked_for_again() {
        let mut clock = Clock::leading(&[(1, 3)]);
        assert_eq!(clock.after(3.0), [1]);
        assert_eq!(clock.after(4.9), Vec::<i64>::new());
        assert_eq!(clock.after(0.1), [1]);
        clock.0.revoked(1);
        assert_eq!(clock.after(60.0), Vec::<i64>::new());
        assert_eq!(clock.0.next(), None);
    }

    #[test]
    fn a_new_leader_starts_all_of_them_anew() {
        let mut clock = Clock::leading(&[(1, 3)]);
        clock.after(2.0);
        clock.0.follow();
        assert_eq!(clock.after(10.0), Vec::<i64>::new());
        assert_eq!(clock.renew(1), None);
        let now = clock.1;
        clock.0.lead(3, [(1, 3)], now);
        assert_eq!([1, 3].map(|term| clock.0.leads_in(term)), [false, true]);
        assert_eq!(clock.after(2.9), Vec::<i64>::new());
        assert_eq!(clock.after(0.1), [1]);
    }

    #[test]
    fn a_follower_keeps_no_time() {
        let now = Instant::now();
        let mut keeper = Keeper::default();
        keeper.granted(1, 1, now);
        assert_eq!(keeper.next(), None);
    }

    #[test]
    fn a_ttl_may_be_longer_than_the_clock() {
        let mut clock = Clock::leading(&[(1, i64::MAX), (2, -5), (3, 9_000_000_000)]);
        assert_eq!(clock.after(0.0), [2]);
        assert!(clock.0.left(1, clock.1).is_some());
        let longest = Duration::from_secs(9_000_000_000);
        assert_eq!(clock.0.left(3, clock.1), Some((longest, longest)));
    }

    proptest::proptest! {
        /// Whatever happens, a lease never ends before its time since the last renewal.
        #[test]
        fn never_early(ttl in 1i64..20, steps in proptest::collection::vec((0u64..5000, proptest::bool::ANY), 0..50)) {
            let mut clock = Clock::leading(&[(1, ttl)]);
            let mut since = clock.1;
            for (wait, renew) in steps {
                let expired = clock.after(wait as f64 / 1000.0);
                let age = clock.1 - since;
                if !expired.is_empty() {
                    proptest::prop_assert!(age >= Duration::from_secs(ttl.unsigned_abs()));
                    return Ok(());
                }
                proptest::prop_assert!(age < Duration::from_secs(ttl.unsigned_abs()));
                if renew && clock.renew(1).is_some() {
                    since = clock.1;
                }
            }
        }
    }
}
