use mesoform_etcd::pb::Event;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// What is kept in memory at most.
const MAX_REVISIONS: usize = 16_384;
const MAX_BYTES: usize = 32 * 1024 * 1024;

/// The events of one revision.
pub type Revision = (i64, Arc<[Event]>);

/// The newest events, for all watchers; what is older they read from the database.
pub struct Hub {
    ring: Mutex<Ring>,
    newest: watch::Sender<i64>,
}

struct Ring {
    revisions: VecDeque<Revision>,
    bytes: usize,
    /// From this revision on nothing is missing here, and nothing was compacted.
    complete_from: i64,
}

impl Hub {
    /// For a store that is at `revision`.
    pub fn new(revision: i64) -> Self {
        let (newest, _) = watch::channel(revision);
        Self { ring: Mutex::new(Ring::empty(revision)), newest }
    }

    /// Adds what happened, in the order of the revisions.
    pub fn publish(&self, revisions: Vec<Revision>) {
        let Some(newest) = revisions.last().map(|(revision, _)| *revision) else { return };
        let mut ring = self.ring();
        for revision in revisions {
            ring.push(revision);
        }
        drop(ring);
        self.newest.send_replace(newest);
    }

    /// The store jumped to `revision`: what happened on the way is only in the database.
    pub fn reset(&self, revision: i64) {
        *self.ring() = Ring::empty(revision);
        self.newest.send_replace(revision);
    }

    /// The store was compacted at `revision`: what is before it is not told of any more, also where
    /// it is still here, so that all voters answer alike.
    pub fn compacted(&self, revision: i64) {
        let mut ring = self.ring();
        ring.complete_from = ring.complete_from.max(revision);
    }

    /// The newest revision, now and later.
    pub fn newest(&self) -> watch::Receiver<i64> {
        self.newest.subscribe()
    }

    /// The revisions from `from` on, at most `limit`; none: they are not all here.
    pub fn since(&self, from: i64, limit: usize) -> Option<Vec<Revision>> {
        let ring = self.ring();
        if from < ring.complete_from {
            return None;
        }
        let start = ring.revisions.partition_point(|(revision, _)| *revision < from);
        Some(ring.revisions.range(start..).take(limit).cloned().collect())
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ring {
    fn empty(revision: i64) -> Self {
        Self { revisions: VecDeque::new(), bytes: 0, complete_from: revision + 1 }
    }

    fn push(&mut self, revision: Revision) {
        self.bytes += weight(&revision.1);
        self.revisions.push_back(revision);
        while self.revisions.len() > MAX_REVISIONS || self.bytes > MAX_BYTES {
            let Some((revision, events)) = self.revisions.pop_front() else { return };
            self.bytes -= weight(&events);
            self.complete_from = revision + 1;
        }
    }
}

fn weight(events: &[Event]) -> usize {
    let size = |event: &Event| {
        let kvs = event.kv.iter().chain(&event.prev_kv);
        size_of::<Event>() + kvs.map(|kv| kv.key.len() + kv.value.len()).sum::<usize>()
    };
    events.iter().map(size).sum()
}
