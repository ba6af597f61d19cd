use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Room for the bodies of all requests that a door has at a time: each is bounded, but a caller may
/// have many connections, and many requests on each.
#[derive(Debug)]
pub(crate) struct Stock {
    left: AtomicUsize,
}

impl Stock {
    pub(crate) fn new(bytes: usize) -> Arc<Self> {
        Arc::new(Self { left: AtomicUsize::new(bytes) })
    }

    pub(crate) fn share(self: &Arc<Self>) -> Arc<Share> {
        Arc::new(Share { stock: self.clone(), taken: AtomicUsize::new(0) })
    }
}

/// What one request has of it; given back when the request is answered.
#[derive(Debug)]
pub(crate) struct Share {
    stock: Arc<Stock>,
    taken: AtomicUsize,
}

impl Share {
    /// False where there is no room for so much.
    pub(crate) fn take(&self, bytes: usize) -> bool {
        let less = |left: usize| left.checked_sub(bytes);
        let left = self.stock.left.fetch_update(Ordering::AcqRel, Ordering::Acquire, less);
        if left.is_ok() {
            self.taken.fetch_add(bytes, Ordering::AcqRel);
        }
        left.is_ok()
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.stock.left.fetch_add(*self.taken.get_mut(), Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_answered_makes_room() {
        let stock = Stock::new(10);
        let (one, two) = (stock.share(), stock.share());
        assert!(one.take(6) && two.take(4) && !two.take(1));
        drop(one);
        assert!(two.take(6) && !two.take(1));
        drop(two);
        assert!(stock.share().take(10));
    }
}
