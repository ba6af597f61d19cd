use crate::Backoff;
use std::time::{Duration, Instant};

/// A unit as the core sees it.
pub(super) struct Slot {
    pub needs: Vec<usize>,
    pub needed_by: Vec<usize>,
    pub state: State,
    /// Counts the starts: what an earlier process says or does no longer matters.
    pub generation: u64,
    pub was_ready: bool,
    pub backoff: Backoff,
    /// How long the next back-off is.
    pub delay: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// For its needs.
    Waiting,
    Starting {
        since: Instant,
    },
    Ready {
        since: Instant,
    },
    BackingOff {
        until: Instant,
    },
    /// It was asked to end; `again` says whether it starts anew then.
    Ending {
        kill_at: Instant,
        killed: bool,
        again: bool,
    },
    Stopped,
}

impl Slot {
    pub fn new(needs: &[usize], backoff: Backoff) -> Self {
        Self {
            needs: needs.to_vec(),
            needed_by: Vec::new(),
            state: State::Waiting,
            generation: 0,
            was_ready: false,
            backoff,
            delay: backoff.first,
        }
    }
}

impl State {
    pub fn deadline(self) -> Option<Instant> {
        match self {
            Self::BackingOff { until } => Some(until),
            Self::Ending { kill_at, killed: false, .. } => Some(kill_at),
            _ => None,
        }
    }
}
