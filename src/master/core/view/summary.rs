use super::resources::resources_json;
use crate::core::Core;
use serde::Serialize;
use serde_json::Value;

/// An agent in `/mesoform/status`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AgentSummary {
    pub id: String,
    pub hostname: String,
    /// Its stream of orders stands.
    pub registered: bool,
    pub tasks: usize,
    pub resources: Value,
    pub used: Value,
}

/// A framework in `/mesoform/status`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FrameworkSummary {
    pub id: String,
    pub name: String,
    pub connected: bool,
    pub tasks: usize,
}

impl Core {
    /// Agents that are registered, or may come back.
    pub fn agent_summaries(&self) -> Vec<AgentSummary> {
        let agents = self.agents.iter().map(|(id, agent)| AgentSummary {
            id: id.value.clone(),
            hostname: agent.info.hostname.clone(),
            registered: agent.is_active(),
            tasks: agent.tasks.len(),
            resources: resources_json(&agent.total),
            used: resources_json(&agent.used),
        });
        let recovering = self.recovering.values().map(|r| (&r.id, &r.hostname));
        let unreachable = self.unreachable.values().map(|u| (&u.record.id, &u.record.hostname));
        let away = recovering.chain(unreachable).map(|(id, hostname)| AgentSummary {
            id: id.value.clone(),
            hostname: hostname.clone(),
            registered: false,
            tasks: self.unreachable.get(id).map_or(0, |u| u.tasks.len()),
            resources: Value::Null,
            used: Value::Null,
        });
        agents.chain(away).collect()
    }

    pub fn framework_summaries(&self) -> Vec<FrameworkSummary> {
        let shown = self.frameworks.iter().map(|(id, framework)| FrameworkSummary {
            id: id.value.clone(),
            name: framework.info.name.clone(),
            connected: framework.link.is_some(),
            tasks: framework.tasks.len(),
        });
        shown.collect()
    }
}
