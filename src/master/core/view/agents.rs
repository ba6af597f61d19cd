use super::resources::{attributes_json, resources_json};
use crate::core::Core;
use crate::core::agent::Agent;
use mesoform_mesos::AgentId;
use serde_json::{Value, json};

impl Core {
    /// The agents as in Mesos' `/slaves` and `/state`.
    pub fn agents_json(&self) -> Vec<Value> {
        self.agents.iter().map(|(id, agent)| show(id, agent)).collect()
    }

    /// Agents of the registry that have not come back since the change of masters.
    pub fn recovering_json(&self) -> Vec<Value> {
        let shown = self.recovering.values();
        shown.map(|r| json!({ "id": r.id.value, "hostname": r.hostname })).collect()
    }

    /// Mesos' `/slaves`.
    pub fn slaves_json(&self) -> Value {
        json!({ "slaves": self.agents_json(), "recovered_slaves": self.recovering_json() })
    }
}

fn show(id: &AgentId, agent: &Agent) -> Value {
    let info = &agent.info;
    let address = info.address.as_deref().unwrap_or(&info.hostname);
    let port = info.port.unwrap_or(5051);
    json!({
        "id": id.value,
        "hostname": info.hostname,
        "port": port,
        "attributes": attributes_json(&info.attributes),
        "pid": format!("slave(1)@{address}:{port}"),
        "registered_time": agent.registered,
        "resources": resources_json(&agent.total),
        "used_resources": resources_json(&agent.used),
        "offered_resources": resources_json(&agent.offered),
        "reserved_resources": {},
        "unreserved_resources": resources_json(&agent.total),
        "active": agent.is_active(),
        "version": env!("CARGO_PKG_VERSION"),
        "capabilities": [],
    })
}
