use std::time::{Duration, Instant};

/// Silence that is worth a line in the log; a hiccup is not.
const WORTH_TELLING: Duration = Duration::from_secs(2);

/// Whether a voter answers, told when that changes: Raft asks it several times a second.
#[derive(Debug, Default)]
pub struct Reach {
    unanswered_since: Option<Instant>,
    told: bool,
}

/// What is to be told.
#[derive(Debug, PartialEq, Eq)]
pub enum News {
    Silent,
    Back,
}

impl Reach {
    /// The voter is asked something. An answer that does not come need not be told: the next
    /// question shows it.
    pub fn asked(&mut self, now: Instant) -> Option<News> {
        let since = *self.unanswered_since.get_or_insert(now);
        let silent = !self.told && now.saturating_duration_since(since) >= WORTH_TELLING;
        self.told |= silent;
        silent.then_some(News::Silent)
    }

    /// The voter has answered.
    pub fn answered(&mut self) -> Option<News> {
        self.unanswered_since = None;
        std::mem::take(&mut self.told).then_some(News::Back)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_and_its_end_are_told_once() {
        let (mut reach, start) = (Reach::default(), Instant::now());
        let mut told = Vec::new();
        for tenth in 0..100 {
            told.extend(reach.asked(start + Duration::from_millis(tenth * 100)));
        }
        told.extend(reach.answered());
        told.extend(reach.answered());
        assert_eq!(told, [News::Silent, News::Back]);
    }

    #[test]
    fn a_hiccup_is_not_worth_a_line() {
        let (mut reach, start) = (Reach::default(), Instant::now());
        for second in 0..10 {
            assert_eq!(reach.asked(start + Duration::from_secs(second)), None);
            assert_eq!(reach.asked(start + Duration::from_millis(second * 1000 + 900)), None);
            assert_eq!(reach.answered(), None);
        }
    }
}
