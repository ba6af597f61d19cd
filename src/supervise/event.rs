use crate::Ended;
use std::time::Duration;

/// What happens to the units, for whoever shows it.
///
/// Events are dropped when the receiver does not keep up: showing never holds up the doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SupervisorEvent {
    Starting {
        unit: String,
        pid: i32,
    },
    /// What the unit says of itself (STATUS=).
    Status {
        unit: String,
        text: String,
    },
    Ready {
        unit: String,
        took: Duration,
    },
    /// It ended by itself, and starts again after `again_in`.
    Ended {
        unit: String,
        ended: Ended,
        again_in: Duration,
    },
    /// It was asked to end.
    Stopping {
        unit: String,
    },
    /// It did not end in time.
    Killing {
        unit: String,
    },
    Stopped {
        unit: String,
        ended: Option<Ended>,
    },
}
