//! What agents and their tasks do.

use super::{Agent, Task, World};
use crate::core::{Input, Offer, Update};
use mesoform_mesos::TaskState;
use std::collections::BTreeSet;

impl World {
    /// The master offers what every reachable agent has free.
    pub fn offers(&mut self) -> &mut Self {
        if self.suppressed {
            return self;
        }
        let offers = self.make_offers();
        self.give(Input::Offers(offers))
    }

    pub fn make_offers(&mut self) -> Vec<Offer> {
        let reachable: Vec<usize> =
            (0..self.agents.len()).filter(|n| self.agents[*n].reachable).collect();
        reachable.into_iter().map(|n| self.offer_of(n)).collect()
    }

    pub(super) fn offer_of(&mut self, agent: usize) -> Offer {
        let id = format!("o{}", self.offered.len());
        self.offered.insert(id.clone(), agent);
        let Agent { host, cpus, ports, attributes, .. } = &self.agents[agent];
        let on_it = || self.tasks.values().filter(|t| t.agent == agent);
        let used: BTreeSet<u16> = on_it().flat_map(|t| t.ports.clone()).collect();
        Offer {
            id,
            agent_id: format!("A{agent}"),
            host: host.clone(),
            attributes: attributes.clone(),
            cpus: cpus - on_it().map(|t| t.cpus).sum::<i64>(),
            mem: 1_000_000_000,
            disk: 1_000_000_000,
            ports: (ports.0..=ports.1).filter(|p| !used.contains(p)).map(|p| (p, p)).collect(),
        }
    }

    /// Every task that is starting runs.
    pub fn all_run(&mut self) -> &mut Self {
        let staging = |t: &Task| t.state == TaskState::Staging;
        for task in self.tasks_where(staging) {
            self.task_is(&task, TaskState::Running);
        }
        self
    }

    pub fn tasks_where(&self, which: impl Fn(&Task) -> bool) -> Vec<String> {
        self.tasks.iter().filter(|(_, t)| which(t)).map(|(id, _)| id.clone()).collect()
    }

    /// A task's status changes, and the master passes it on.
    pub fn task_is(&mut self, task: &str, state: TaskState) -> &mut Self {
        let Some(known) = self.tasks.get_mut(task) else { return self };
        let agent = known.agent;
        known.state = state;
        if state.is_terminal() {
            self.tasks.remove(task);
        }
        if self.agents[agent].reachable {
            self.tell(task, Some(agent), state, true);
        }
        self.flush()
    }

    pub fn agent_lost(&mut self, agent: usize) -> &mut Self {
        self.agents[agent].reachable = false;
        for task in self.tasks_where(|t| t.agent == agent) {
            self.tell(&task, Some(agent), TaskState::Unreachable, false);
        }
        self.flush()
    }

    pub fn agent_back(&mut self, agent: usize) -> &mut Self {
        self.agents[agent].reachable = true;
        for task in self.tasks_where(|t| t.agent == agent) {
            let state = self.tasks[&task].state;
            self.tell(&task, Some(agent), state, true);
        }
        self.flush()
    }

    pub(super) fn tell(&mut self, task: &str, agent: Option<usize>, state: TaskState, uuid: bool) {
        self.updates.push_back(Update {
            task_id: task.to_owned(),
            agent_id: agent.map(|n| format!("A{n}")),
            state,
            uuid: uuid.then(|| vec![1]),
            message: "so it is".to_owned(),
            reason: None,
        });
    }
}
