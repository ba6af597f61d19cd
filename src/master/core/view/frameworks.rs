use super::resources::resources_json;
use super::tasks;
use crate::core::Core;
use crate::core::framework::Framework;
use mesoform_mesos::{FrameworkId, Resources};
use serde_json::{Value, json};

impl Core {
    /// Mesos' `/frameworks`.
    pub fn frameworks_json(&self) -> Value {
        json!({
            "frameworks": self.framework_list(),
            "completed_frameworks": self.completed_json(),
            "unregistered_frameworks": [],
        })
    }

    pub(super) fn framework_list(&self) -> Vec<Value> {
        self.frameworks.iter().map(|(id, framework)| self.show(id, framework)).collect()
    }

    pub(super) fn completed_json(&self) -> Vec<Value> {
        self.completed.iter().map(|id| json!({ "id": id.value, "active": false })).collect()
    }

    fn show(&self, id: &FrameworkId, framework: &Framework) -> Value {
        let info = &framework.info;
        let used = used(framework);
        let offered = self.offered(framework);
        let (gone, here): (Vec<_>, Vec<_>) = framework.tasks.values().partition(|t| t.unreachable);
        let show = |list: Vec<_>| list.into_iter().map(|t| tasks::show(id, t)).collect::<Vec<_>>();
        let kinds: Vec<_> = info.capabilities.iter().map(|c| &c.kind).collect();
        let mut shown = json!({
            "id": id.value,
            "name": info.name,
            "pid": "",
            "user": info.user,
            "hostname": info.hostname.as_deref().unwrap_or(""),
            "webui_url": info.webui_url.as_deref().unwrap_or(""),
            "principal": info.principal.as_deref().unwrap_or(""),
            "failover_timeout": info.failover_timeout.unwrap_or(0.0),
            "checkpoint": info.checkpoint.unwrap_or(false),
            "capabilities": kinds,
            "labels": info.labels.as_ref().map_or(json!([]), |l| json!(l.labels)),
            "active": framework.link.is_some(),
            "connected": framework.link.is_some(),
            "recovered": framework.recovered,
            "registered_time": framework.registered,
            "unregistered_time": 0.0,
            "resources": resources_json(&sum(&used, &offered)),
            "used_resources": resources_json(&used),
            "offered_resources": resources_json(&offered),
            "tasks": show(here),
            "unreachable_tasks": show(gone),
            "completed_tasks": framework.completed_tasks,
            "offers": framework.offers.iter().map(|o| json!({ "id": o.value })).collect::<Vec<_>>(),
            "executors": [],
        });
        shown["roles"] = json!(info.effective_roles());
        if let [role] = info.effective_roles().as_slice() {
            shown["role"] = json!(role);
        }
        if let Some(again) = framework.reregistered {
            shown["reregistered_time"] = json!(again);
        }
        shown
    }

    fn offered(&self, framework: &Framework) -> Resources {
        let mut offered = Resources::new();
        for id in &framework.offers {
            if let Some(offer) = self.offers.get(id) {
                offered.add(&offer.resources);
            }
        }
        offered
    }
}

/// Ports are united over agents, so that the same port on two of them is shown once, as upstream does.
fn used(framework: &Framework) -> Resources {
    let mut used = Resources::new();
    for task in framework.tasks.values().filter(|t| t.holds_resources()) {
        used.add(&task.resources);
    }
    used
}

fn sum(a: &Resources, b: &Resources) -> Resources {
    let mut sum = a.clone();
    sum.add(b);
    sum
}
