use std::time::Duration;

/// How long a unit that ended waits until it is started again: `first`, then twice as long each
/// time, up to `most`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    pub first: Duration,
    pub most: Duration,
}

impl Backoff {
    pub(crate) fn after(self, delay: Duration) -> Duration {
        delay.saturating_mul(2).min(self.most)
    }
}

impl Default for Backoff {
    fn default() -> Self {
        Self { first: Duration::from_millis(100), most: Duration::from_secs(10) }
    }
}
