use crate::Health;
use serde::Serialize;

/// How a run went, for its last words.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Summary {
    /// Name, title and milliseconds of each phase.
    pub phases: Vec<(&'static str, &'static str, u64)>,
    /// What was changed, or, with `--check`, would be.
    pub changed: usize,
    /// Hosts visited.
    pub hosts: usize,
    /// Hosts that were not reached, and were gone on without.
    pub unreachable: Vec<String>,
    /// How the cluster is now, where it was looked at.
    pub health: Option<Health>,
}

impl Summary {
    pub fn millis(&self) -> u64 {
        self.phases.iter().map(|(_, _, millis)| millis).sum()
    }
}
