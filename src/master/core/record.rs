use mesoform_mesos::AgentId;
use serde::{Deserialize, Serialize};

/// What the registry keeps of an agent, as JSON under `/mesoform/master/agents/<id>`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AgentRecord {
    /// The version of this form.
    pub format: u32,
    pub id: AgentId,
    pub hostname: String,
    /// Seconds since the Unix epoch, while the agent is counted as lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unreachable_since: Option<f64>,
}

impl AgentRecord {
    /// The form that is written.
    pub const FORMAT: u32 = 1;

    /// An agent that is there.
    pub fn new(id: AgentId, hostname: impl Into<String>) -> Self {
        Self { format: Self::FORMAT, id, hostname: hostname.into(), unreachable_since: None }
    }
}
