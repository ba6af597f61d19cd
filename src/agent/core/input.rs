use super::TaskKey;
use crate::executor::Exit;
use mesoform_mesos::agent_protocol::Order;
use std::time::Duration;

/// The time, from outside.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Now {
    /// Since some start; never goes back.
    pub mono: Duration,
    /// Seconds since 1970.
    pub wall: f64,
}

/// What happens to an agent.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// All that was on disk is in the core: once, at the start.
    Recovered,
    /// From the stream of a master.
    Order(Order),
    /// The stream is gone.
    Disconnected,
    /// An executor told something, or something was found out about it.
    Executor { key: TaskKey, news: News },
    /// The task's folder was removed.
    Forgotten(TaskKey),
    /// Time has passed.
    Tick,
}

/// What is known about an executor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    Running { pid: i32 },
    Ended(Exit),
}
