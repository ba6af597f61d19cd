use crate::Ended;
use std::time::Duration;

/// What happened. Units go by their position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    Begin,
    /// The process of that generation said something on its notify socket.
    Said {
        unit: usize,
        generation: u64,
        word: Word,
    },
    /// It ended, or could not be started.
    Ended {
        unit: usize,
        generation: u64,
        ended: Ended,
    },
    Restart {
        unit: usize,
    },
    Stop {
        grace: Duration,
    },
    /// Time went by.
    Tick,
}

/// What a unit says of itself (sd_notify).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    Ready,
    Stopping,
    Status(String),
}

/// What is to be done or told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    Spawn {
        unit: usize,
        generation: u64,
    },
    Terminate {
        unit: usize,
    },
    Kill {
        unit: usize,
    },
    Status {
        unit: usize,
        text: String,
    },
    Ready {
        unit: usize,
        took: Duration,
    },
    Ended {
        unit: usize,
        ended: Ended,
        again_in: Duration,
    },
    Stopped {
        unit: usize,
        ended: Option<Ended>,
    },
    /// All units are ready: told at most once, and not after a failure.
    AllReady,
    /// The first unit that ended before it was ready.
    Failed {
        unit: usize,
        ended: Ended,
    },
}
