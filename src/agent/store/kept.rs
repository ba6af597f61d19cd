use crate::disk::Stored;
use mesoform_mesos::AgentId;
use serde::{Deserialize, Serialize};

/// `agent.json`: what outlives restarts and reboots.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    pub format: u32,
    pub agent_id: Option<AgentId>,
    /// The highest leadership that orders were taken from.
    pub seen_leadership: i64,
}

impl Default for Kept {
    fn default() -> Self {
        Self { format: Self::FORMAT, agent_id: None, seen_leadership: 0 }
    }
}

impl Stored for Kept {
    const FORMAT: u32 = 1;
    fn format(&self) -> u32 {
        self.format
    }
}
