//! What is counted and timed for whoever watches over the voter.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

/// The upper bounds of etcd's buckets for times at the disk: from 1 ms on, each twice the last.
pub const BUCKETS: usize = 14;

/// How often something took how long.
#[derive(Debug, Default)]
pub struct Histogram {
    /// Not cumulative; the last is for what took longer than all bounds.
    counts: [AtomicU64; BUCKETS + 1],
    micros: AtomicU64,
}

impl Histogram {
    pub fn observe(&self, took: Duration) {
        let place = (0..BUCKETS).find(|place| took <= Self::bound(*place)).unwrap_or(BUCKETS);
        if let Some(count) = self.counts.get(place) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.micros.fetch_add(micros, Ordering::Relaxed);
    }

    /// Times what is done.
    pub fn time<T>(&self, done: impl FnOnce() -> T) -> T {
        let start = std::time::Instant::now();
        let result = done();
        self.observe(start.elapsed());
        result
    }

    /// The upper bound of a bucket.
    pub fn bound(place: usize) -> Duration {
        Duration::from_millis(1 << place.min(BUCKETS))
    }

    /// How often it took at most as long as each bound, and how often in all.
    pub fn cumulated(&self) -> Vec<u64> {
        let mut sum = 0;
        let add = |count: &AtomicU64| {
            sum += count.load(Ordering::Relaxed);
            sum
        };
        self.counts.iter().map(add).collect()
    }

    /// How long it took in all.
    pub fn sum(&self) -> Duration {
        Duration::from_micros(self.micros.load(Ordering::Relaxed))
    }
}

/// A count that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    pub fn add_one(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What is under way, and how much of it failed.
#[derive(Debug, Default)]
pub struct Traffic {
    pending: AtomicI64,
    failed: Counter,
}

impl Traffic {
    /// Counts something as pending until it is done.
    pub async fn count<T, E>(&self, done: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        let _pending = Pending::of(&self.pending);
        let result = done.await;
        if result.is_err() {
            self.failed.add_one();
        }
        result
    }

    pub fn pending(&self) -> i64 {
        self.pending.load(Ordering::Relaxed)
    }

    pub fn failed(&self) -> u64 {
        self.failed.get()
    }
}

/// Not pending any more when it is dropped: who asked may go away.
struct Pending<'c>(&'c AtomicI64);

impl<'c> Pending<'c> {
    fn of(count: &'c AtomicI64) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_took_long_is_in_a_higher_bucket() {
        let histogram = Histogram::default();
        for millis in [0, 1, 2, 3, 60_000] {
            histogram.observe(Duration::from_millis(millis));
        }
        let counts = histogram.cumulated();
        assert_eq!(counts[..4], [2, 3, 4, 4]);
        assert_eq!(counts[BUCKETS - 1..], [4, 5]);
        assert_eq!(histogram.sum(), Duration::from_millis(60_006));
    }

    #[tokio::test]
    async fn what_is_pending_is_counted_until_it_is_done_or_given_up() {
        let traffic = Traffic::default();
        {
            let forever = traffic.count(std::future::pending::<Result<(), ()>>());
            tokio::pin!(forever);
            assert!(futures::poll!(&mut forever).is_pending());
            assert_eq!(traffic.pending(), 1);
        }
        let _ = traffic.count(std::future::ready(Err::<(), ()>(()))).await;
        assert_eq!((traffic.pending(), traffic.failed()), (0, 1));
    }
}
