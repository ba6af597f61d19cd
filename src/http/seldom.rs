use std::time::Duration;
use tokio::time::Instant;

/// At most one line in this time.
const EVERY: Duration = Duration::from_secs(10);

/// Says what a crowd can cause as often as it likes only now and then.
#[derive(Debug, Default)]
pub(crate) struct Seldom {
    last: Option<Instant>,
    unsaid: u64,
}

impl Seldom {
    /// Whether to say it now, and if so, how often it was not said before.
    pub(crate) fn say(&mut self, now: Instant) -> Option<u64> {
        if self.last.is_some_and(|last| now < last + EVERY) {
            self.unsaid += 1;
            return None;
        }
        self.last = Some(now);
        Some(std::mem::take(&mut self.unsaid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_is_counted() {
        let (mut seldom, now) = (Seldom::default(), Instant::now());
        assert_eq!(seldom.say(now), Some(0));
        assert_eq!(seldom.say(now), None);
        assert_eq!(seldom.say(now), None);
        assert_eq!(seldom.say(now + EVERY), Some(2));
    }
}
