use crate::leadership::Leadership;
use crate::machine::State;
use crate::mvcc::Tables;
use crate::propose::Proposer;
use crate::wire::command::Kind;
use mesoform_etcd::pb::CompactionRequest;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a revision can be read and watched at least, unless there are too many.
const AGE: Duration = Duration::from_secs(3600);
/// How many revisions are kept at most, however young.
const NUMBER: i64 = 100_000;
/// One step forgets so many at most: others wait while it is applied.
const STEP: i64 = 2_000;
/// It is not worth a log entry for fewer.
const WORTHWHILE: i64 = 500;
const INTERVAL: Duration = Duration::from_secs(10);

/// Decides up to where old revisions are forgotten, by age and by number. Knows no clock.
#[derive(Debug, Default)]
pub struct Compactor {
    /// Which revision was the newest when.
    seen: VecDeque<(Instant, i64)>,
}

impl Compactor {
    /// Takes note of the time and the newest revision.
    pub fn see(&mut self, now: Instant, revision: i64) {
        self.seen.push_back((now, revision));
    }

    /// The revision to compact at next, if any.
    pub fn next(&mut self, now: Instant, revision: i64, compacted: i64) -> Option<i64> {
        while self.seen.get(1).is_some_and(|(then, _)| now.duration_since(*then) >= AGE) {
            self.seen.pop_front();
        }
        let old = self.seen.front().filter(|(then, _)| now.duration_since(*then) >= AGE);
        let target = old.map_or(0, |(_, revision)| *revision).max(revision - NUMBER);
        let step = target.min(compacted.max(0) + STEP);
        (step >= compacted + WORTHWHILE).then_some(step)
    }
}

/// Compacts while this voter leads; ends never.
pub async fn run(state: Arc<State>, leadership: Leadership, proposer: Proposer) {
    let mut compactor = Compactor::default();
    let mut tick = tokio::time::interval(INTERVAL);
    loop {
        tick.tick().await;
        let now = Instant::now();
        compactor.see(now, state.now().revision);
        while leadership.metrics().state.is_leader() {
            let Ok(compacted) = state.read().map(|tables| tables.compacted()) else { break };
            let Some(revision) = compactor.next(now, state.now().revision, compacted) else {
                break;
            };
            let command = Kind::Compact(CompactionRequest { revision, physical: false });
            if proposer.propose_here(vec![command.into()]).await.is_err() {
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_keeps_an_hour_and_not_more_than_the_number() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut compactor = Compactor::default();
        compactor.see(at(0), 1_000);
        assert_eq!(compactor.next(at(0), 1_000, -1), None);
        compactor.see(at(3000), 5_000);
        assert_eq!(compactor.next(at(3599), 5_000, -1), None);
        assert_eq!(compactor.next(at(3600), 5_000, -1), Some(1_000));
        assert_eq!(compactor.next(at(3600), 5_000, 1_000), None);
        assert_eq!(compactor.next(at(6600), 5_000, 1_000), Some(3_000));
        assert_eq!(compactor.next(at(6600), 5_000, 3_000), Some(5_000));
        assert_eq!(compactor.next(at(6601), 105_000 + NUMBER, 5_000), Some(7_000));
    }
}
