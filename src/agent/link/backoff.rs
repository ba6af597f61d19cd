use rand::RngExt as _;
use std::time::Duration;

const FIRST: Duration = Duration::from_millis(100);
const LAST: Duration = Duration::from_secs(5);

/// How long until the next round: twice as long each time, and never the same on two agents, so that
/// they do not come all at once.
#[derive(Debug)]
pub struct Backoff {
    ceiling: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { ceiling: FIRST }
    }
}

impl Backoff {
    pub fn next(&mut self) -> Duration {
        let ceiling = self.ceiling;
        self.ceiling = (ceiling * 2).min(LAST);
        ceiling.mul_f64(rand::rng().random_range(0.5..=1.0))
    }

    /// With which of `n` to begin.
    pub fn pick(&self, n: usize) -> usize {
        if n < 2 { 0 } else { rand::rng().random_range(0..n) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_to_its_bound() {
        let mut backoff = Backoff::default();
        assert!((FIRST / 2..=FIRST).contains(&backoff.next()));
        for _ in 0..20 {
            assert!(backoff.next() <= LAST);
        }
        assert!(backoff.next() >= LAST / 2);
    }
}
