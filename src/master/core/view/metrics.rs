use crate::core::Core;
use mesoform_mesos::{Resources, TaskState};
use std::collections::BTreeMap;

impl Core {
    /// Mesos' `/metrics/snapshot`, under upstream's names.
    #[allow(clippy::cast_precision_loss)] // Counts are far below 2^53.
    pub fn metrics(&self) -> BTreeMap<String, f64> {
        let mut numbers = BTreeMap::new();
        let mut put = |name: &str, value: f64| numbers.insert(format!("master/{name}"), value);
        let connected = self.agents.values().filter(|a| a.is_active()).count();
        let subscribed = self.frameworks.values().filter(|f| f.link.is_some()).count();
        put("elected", 1.0);
        put("slaves_connected", connected as f64);
        put("slaves_active", connected as f64);
        put("slaves_disconnected", (self.agents.len() - connected) as f64);
        put("slaves_inactive", (self.agents.len() - connected) as f64);
        put("slaves_unreachable", self.unreachable.len() as f64);
        put("frameworks_connected", subscribed as f64);
        put("frameworks_active", subscribed as f64);
        put("frameworks_disconnected", (self.frameworks.len() - subscribed) as f64);
        put("outstanding_offers", self.offers.len() as f64);
        for (name, number) in self.task_numbers() {
            put(&name, number as f64);
        }
        for (name, value) in self.resource_numbers() {
            put(&name, value);
        }
        numbers
    }

    fn task_numbers(&self) -> BTreeMap<String, u64> {
        let shown = ["staging", "starting", "running", "killing", "unreachable"];
        let mut numbers: BTreeMap<_, _> =
            shown.into_iter().map(|name| (format!("tasks_{name}"), 0)).collect();
        for task in self.frameworks.values().flat_map(|f| f.tasks.values()) {
            let state: TaskState = Self::visible_state(task);
            let name = state.as_str().trim_start_matches("TASK_").to_ascii_lowercase();
            *numbers.entry(format!("tasks_{name}")).or_default() += 1;
        }
        numbers
    }

    fn resource_numbers(&self) -> Vec<(String, f64)> {
        let sum = |of: fn(&crate::core::agent::Agent) -> &Resources, name: &str| {
            self.agents.values().map(|a| of(a).scalar(name)).sum::<f64>()
        };
        let mut numbers = Vec::new();
        for name in ["cpus", "mem", "disk", "gpus"] {
            let (total, used) = (sum(|a| &a.total, name), sum(|a| &a.used, name));
            let percent = if total > 0.0 { used / total } else { 0.0 };
            numbers.push((format!("{name}_total"), total));
            numbers.push((format!("{name}_used"), used));
            numbers.push((format!("{name}_percent"), percent));
        }
        numbers
    }
}
