//! Agents: how they come, stay, and are lost.

mod fence;
mod lose;
mod ping;
mod recover;
mod register;
mod subscribe;
mod take_over;

pub use fence::Fenced;

use super::{AgentRecord, LinkId, TaskKey};
use mesoform_mesos::Resources;
use mesoform_mesos::agent_protocol::Subscribe;
use std::collections::BTreeSet;

/// An agent that waits for its record to be written.
#[derive(Debug)]
pub struct Admission {
    pub link: LinkId,
    pub subscribe: Subscribe,
    pub total: Resources,
}

/// An agent that is counted as lost. It may come back.
#[derive(Debug)]
pub struct Unreachable {
    pub record: AgentRecord,
    pub tasks: BTreeSet<TaskKey>,
}
