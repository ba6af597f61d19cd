use super::resources::resources_json;
use crate::core::Core;
use mesoform_mesos::agent_protocol::QuorumId;
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
    /// Known only from its tasks: it has not come since this master leads.
    pub recovered: bool,
    pub tasks: usize,
}

/// An agent that obeys other masters, in `/mesoform/status`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FencedSummary {
    pub id: Option<String>,
    pub hostname: String,
    /// What it has obeyed.
    pub seen_quorum: QuorumId,
    pub seen_leadership: i64,
}

impl Core {
    /// Agents that would refuse this master's orders.
    pub fn fenced_summaries(&self) -> Vec<FencedSummary> {
        let shown = self.fenced().map(|(hostname, fenced)| FencedSummary {
            id: fenced.id.as_ref().map(|id| id.value.clone()),
            hostname: hostname.clone(),
            seen_quorum: fenced.seen.quorum,
            seen_leadership: fenced.seen.revision,
        });
        shown.collect()
    }

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
            recovered: framework.recovered,
            tasks: framework.tasks.len(),
        });
        shown.collect()
    }
}
