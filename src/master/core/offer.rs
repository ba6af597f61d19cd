use mesoform_mesos::{AgentId, FrameworkId, Resources};

/// An offer that a framework may take.
#[derive(Debug, Clone)]
pub struct OpenOffer {
    pub framework_id: FrameworkId,
    pub agent_id: AgentId,
    pub resources: Resources,
}
