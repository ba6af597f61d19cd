use crate::{Observer, Progress};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts the changes that it passes on.
pub(super) struct Counted {
    inner: Arc<dyn Observer>,
    changes: AtomicUsize,
}

impl Counted {
    pub fn new(inner: Arc<dyn Observer>) -> Self {
        Self { inner, changes: AtomicUsize::new(0) }
    }

    pub fn count(&self) -> usize {
        self.changes.load(Ordering::Relaxed)
    }
}

impl Observer for Counted {
    fn on(&self, progress: Progress) {
        if matches!(progress, Progress::Change { .. }) {
            self.changes.fetch_add(1, Ordering::Relaxed);
        }
        self.inner.on(progress);
    }
}
