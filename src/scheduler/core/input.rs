use super::{Command, Offer};
use crate::model::Moment;
use mesoform_mesos::TaskState;
use std::time::Duration;

/// Both clocks at one point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// For records and for people.
    pub wall: Moment,
    /// Since some fixed point, never going back: for waiting.
    pub tick: Duration,
}

/// What happens to a core.
#[derive(Debug)]
pub enum Input {
    /// Someone wants something; the answer carries `id`.
    Command {
        id: u64,
        command: Command,
    },
    /// A master has accepted the subscription.
    Connected {
        framework_id: String,
        master: String,
    },
    /// The subscription is over.
    Disconnected,
    Offers(Vec<Offer>),
    Update(Update),
    /// The master gave this agent up. One that leads only since then does not know its tasks, and
    /// tells of them when it is asked.
    AgentLost(String),
    /// The masters will have nothing to do with the framework's id any more.
    FrameworkGone,
    /// The time of [`super::Core::next_wake`] has come.
    Wake,
}

/// A task's status, as the master passes it on.
#[derive(Debug, Clone, PartialEq)]
pub struct Update {
    pub task_id: String,
    pub agent_id: Option<String>,
    pub state: TaskState,
    /// To be acknowledged; none in answers to reconciliation.
    pub uuid: Option<Vec<u8>>,
    pub message: String,
    pub reason: Option<String>,
}
