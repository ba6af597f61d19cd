use crate::core::Core;
use serde_json::{Map, Value, json};

impl Core {
    /// Mesos' `/state`.
    pub fn state_json(&self) -> Value {
        let mut state = self.head();
        state.insert("slaves".into(), json!(self.agents_json()));
        state.insert("recovered_slaves".into(), json!(self.recovering_json()));
        state.insert("frameworks".into(), json!(self.framework_list()));
        state.insert("completed_frameworks".into(), json!(self.completed_json()));
        state.insert("orphan_tasks".into(), json!([]));
        state.insert("unregistered_frameworks".into(), json!([]));
        Value::Object(state)
    }

    fn head(&self) -> Map<String, Value> {
        let info = self.term.master_info();
        let inactive = self.agents.values().filter(|a| !a.is_active()).count();
        let head = json!({
            "version": env!("CARGO_PKG_VERSION"),
            "start_time": self.term.started,
            "elected_time": self.term.elected,
            "id": self.term.master_id,
            "pid": info.pid,
            "hostname": self.term.hostname,
            "cluster": self.term.cluster,
            "leader": info.pid,
            "leader_info": {
                "id": info.id, "pid": info.pid, "port": info.port, "hostname": info.hostname,
            },
            "leadership": self.term.leadership,
            "capabilities": [],
            "activated_slaves": self.agents.len() - inactive,
            "deactivated_slaves": inactive,
            "unreachable_slaves": self.unreachable.len(),
            "flags": {},
        });
        match head {
            Value::Object(map) => map,
            _ => Map::new(),
        }
    }

    /// Mesos' `/state-summary`: the agents and frameworks with the numbers of their tasks.
    pub fn state_summary_json(&self) -> Value {
        let mut agents = self.agents_json();
        for (agent, shown) in self.agents.values().zip(&mut agents) {
            let tasks = agent.tasks.iter().filter_map(|(framework, task)| {
                self.frameworks.get(framework).and_then(|f| f.tasks.get(task))
            });
            count(tasks.map(Self::visible_state), shown);
        }
        let mut frameworks = self.framework_list();
        for (framework, shown) in self.frameworks.values().zip(&mut frameworks) {
            count(framework.tasks.values().map(Self::visible_state), shown);
            if let Some(shown) = shown.as_object_mut() {
                for list in ["tasks", "unreachable_tasks", "completed_tasks", "offers", "executors"]
                {
                    shown.remove(list);
                }
            }
        }
        json!({
            "hostname": self.term.hostname,
            "cluster": self.term.cluster,
            "slaves": agents,
            "frameworks": frameworks,
        })
    }
}

/// Adds `TASK_RUNNING: 3` and so on, as upstream does.
fn count(states: impl Iterator<Item = mesoform_mesos::TaskState>, shown: &mut Value) {
    use mesoform_mesos::TaskState as S;
    let mut numbers = std::collections::BTreeMap::new();
    for state in [S::Staging, S::Starting, S::Running, S::Killing, S::Finished, S::Killed]
        .into_iter()
        .chain([S::Failed, S::Lost, S::Error, S::Unreachable])
    {
        numbers.insert(state, 0u64);
    }
    for state in states {
        *numbers.entry(state).or_default() += 1;
    }
    for (state, number) in numbers {
        shown[state.as_str()] = json!(number);
    }
}
