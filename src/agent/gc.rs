//! Which folders of ended tasks go: by age, sooner on a full disk, and by number.

use crate::core::TaskKey;
use std::time::Duration;

/// How long a sandbox stays on an empty disk, as in Mesos.
const KEEP: Duration = Duration::from_secs(7 * 24 * 3600);
/// The part of the disk that is to stay free.
const HEADROOM: f64 = 0.1;
/// More ended tasks than these are not kept however young they are.
const MOST: usize = 1000;

/// An ended task of which everybody knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    pub key: TaskKey,
    /// Milliseconds since 1970.
    pub ended_ms: u64,
}

/// What is to be removed, with the disk as full as `usage` (0 to 1).
pub fn choose(mut ended: Vec<Ended>, usage: f64, now_ms: u64) -> Vec<TaskKey> {
    ended.sort_by_key(|task| std::cmp::Reverse(task.ended_ms));
    let keep = max_age(usage).as_millis();
    let old = |task: &Ended| u128::from(now_ms.saturating_sub(task.ended_ms)) >= keep;
    let chosen = ended.into_iter().enumerate().filter(|(n, task)| *n >= MOST || old(task));
    chosen.map(|(_, task)| task.key).collect()
}

/// Mesos' rule: the fuller the disk, the shorter.
fn max_age(usage: f64) -> Duration {
    KEEP.mul_f64((1.0 - HEADROOM - usage).clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 24 * 3600 * 1000;

    fn ended(task: &str, ended_ms: u64) -> Ended {
        Ended { key: TaskKey { framework: "f".into(), task: task.into() }, ended_ms }
    }

    #[test]
    fn sandboxes_go_by_age() {
        let all = vec![ended("old", 0), ended("young", 6 * DAY)];
        assert_eq!(choose(all.clone(), 0.0, 7 * DAY), [all[0].key.clone()]);
        assert_eq!(choose(all, 0.0, 5 * DAY), []);
    }

    #[test]
    fn on_a_full_disk_all_go() {
        let all = vec![ended("a", 0), ended("b", 1)];
        assert_eq!(choose(all, 0.95, 2).len(), 2);
    }

    #[test]
    fn the_oldest_beyond_the_most_go() {
        let all: Vec<Ended> = (0..MOST as u64 + 3).map(|n| ended(&n.to_string(), n)).collect();
        let gone = choose(all, 0.0, 2000);
        let names: Vec<&str> = gone.iter().map(|key| key.task.as_str()).collect();
        assert_eq!(names, ["2", "1", "0"]);
    }

    #[test]
    fn a_clock_that_went_back_removes_nothing() {
        assert_eq!(choose(vec![ended("a", DAY)], 0.0, 0), []);
    }
}
