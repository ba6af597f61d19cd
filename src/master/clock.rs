use crate::core::Now;
use std::time::{Duration, Instant, SystemTime};

/// Gives the core its time.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    start: Instant,
}

impl Clock {
    /// Starts at zero.
    pub fn start() -> Self {
        Self { start: Instant::now() }
    }

    pub fn now(&self) -> Now {
        Now { since_start: self.start.elapsed(), unix: unix_now() }
    }

    /// From now until `at`.
    pub fn until(&self, at: Duration) -> Duration {
        at.saturating_sub(self.start.elapsed())
    }
}

/// Seconds since the Unix epoch.
pub fn unix_now() -> f64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0.0, |d| d.as_secs_f64())
}
