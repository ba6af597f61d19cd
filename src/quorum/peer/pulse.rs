use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// When each member has answered this voter's appends for the last time; a leader asks all of them
/// several times a second.
#[derive(Debug, Clone, Default)]
pub struct Pulse(Arc<Mutex<HashMap<u64, Instant>>>);

impl Pulse {
    pub(super) fn beat(&self, id: u64, now: Instant) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id, now);
    }

    /// Whether the member has answered within the last `while_`.
    pub fn is_alive(&self, id: u64, while_: Duration) -> bool {
        let beats = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        beats.get(&id).is_some_and(|beat| beat.elapsed() <= while_)
    }
}
