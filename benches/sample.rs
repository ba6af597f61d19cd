use std::time::Duration;

/// Measurements of one thing.
#[derive(Debug, Clone, Default)]
pub struct Sample(Vec<Duration>);

impl Sample {
    pub fn add(&mut self, took: Duration) {
        self.0.push(took);
        self.0.sort_unstable();
    }

    /// Zero where nothing was measured.
    pub fn median(&self) -> Duration {
        self.0.get(self.0.len() / 2).copied().unwrap_or_default()
    }

    pub fn fastest(&self) -> Duration {
        self.0.first().copied().unwrap_or_default()
    }

    pub fn slowest(&self) -> Duration {
        self.0.last().copied().unwrap_or_default()
    }

    /// How many times as long as `bound` this takes, by the medians.
    pub fn ratio(&self, bound: &Self) -> f64 {
        self.median().as_secs_f64() / bound.median().as_secs_f64().max(f64::MIN_POSITIVE)
    }
}
