use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use tokio_util::sync::CancellationToken;

/// The power of one life of a voter: once it is off, nothing that belongs to that life does anything.
#[derive(Debug, Clone, Default)]
pub struct Power(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    off: AtomicBool,
    /// It fails in the flush after so many; less than 0: not by itself.
    flushes: AtomicI64,
    token: CancellationToken,
}

impl Default for Inner {
    fn default() -> Self {
        let flushes = AtomicI64::new(-1);
        Self { off: AtomicBool::new(false), flushes, token: CancellationToken::new() }
    }
}

impl Power {
    pub fn is_off(&self) -> bool {
        self.0.off.load(Ordering::SeqCst)
    }

    pub fn switch_off(&self) {
        self.0.off.store(true, Ordering::SeqCst);
        self.0.token.cancel();
    }

    /// Waits until it is off.
    pub async fn off(&self) {
        self.0.token.cancelled().await;
    }

    /// Fails in the middle of a flush, after so many that go well.
    pub fn fail_after(&self, flushes: i64) {
        self.0.flushes.store(flushes, Ordering::SeqCst);
    }

    /// A flush begins; false: the power fails in it.
    pub fn flush(&self) -> bool {
        let left = self.0.flushes.load(Ordering::SeqCst);
        match left {
            0 => self.switch_off(),
            1.. => self.0.flushes.store(left - 1, Ordering::SeqCst),
            _ => {}
        }
        !self.is_off()
    }
}
