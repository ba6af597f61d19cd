use std::time::Duration;

/// The time of an input.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Now {
    /// On a clock that only goes forward; for all decisions.
    pub since_start: Duration,
    /// Seconds since the Unix epoch; only to be shown and stored.
    pub unix: f64,
}

impl std::ops::Add<Duration> for Now {
    type Output = Duration;

    fn add(self, duration: Duration) -> Duration {
        self.since_start.saturating_add(duration)
    }
}
