use super::Admission;
use crate::core::agent::Agent;
use crate::core::{Core, Effect, LinkId, Owner, RegistryWrite, TaskKey, Timer};
use mesoform_mesos::agent_protocol::OrderKind;
use mesoform_mesos::{AgentId, Resources};
use std::collections::BTreeSet;

impl Core {
    /// The registry knows the agent: it is registered, with the tasks that it has.
    pub(in crate::core) fn admit(&mut self, id: &AgentId) {
        let Some(Admission { link, subscribe, total }) = self.admitting.remove(id) else {
            self.drop_idle_record(id);
            return;
        };
        self.fenced.remove(&subscribe.info.hostname);
        self.remove_predecessors(id, &subscribe.info.hostname);
        let returns = self.unreachable.contains_key(id);
        let known = self.put_aside(id, link);
        let mut info = subscribe.info;
        info.id = Some(id.clone());
        self.total.add(&total);
        self.agents.insert(id.clone(), self.new_agent(info, link, total));
        self.links.insert(link, Owner::Agent(id.clone()));
        self.order(id, OrderKind::Registered { agent_id: id.clone() });
        self.take_over_tasks(id, subscribe.tasks, known, returns);
        self.timers.set(Timer::Ping(id.clone()), self.now + self.limits.ping);
        self.allocate_soon();
        tracing::info!(agent = %id, returns, "agent registered");
    }

    /// The agent went away before it was registered.
    fn drop_idle_record(&mut self, id: &AgentId) {
        let known = self.agents.contains_key(id)
            || self.recovering.contains_key(id)
            || self.unreachable.contains_key(id);
        if !known {
            self.effects.push(Effect::Write(RegistryWrite::Delete(id.clone())));
        }
    }

    fn new_agent(&self, info: mesoform_mesos::AgentInfo, link: LinkId, total: Resources) -> Agent {
        Agent {
            info,
            link: Some(link),
            total,
            used: Resources::new(),
            offered: Resources::new(),
            offers: BTreeSet::new(),
            tasks: BTreeSet::new(),
            last_heard: self.now.since_start,
            leaving: false,
            registered: self.now.unix,
        }
    }

    /// Forgets what this agent was before; gives the tasks that it was known to have.
    fn put_aside(&mut self, id: &AgentId, link: LinkId) -> BTreeSet<TaskKey> {
        self.recovering.remove(id);
        self.withdraw_offers(id);
        if let Some(gone) = self.unreachable.remove(id) {
            return gone.tasks;
        }
        let tasks = self.agents.get(id).map(|a| a.tasks.clone()).unwrap_or_default();
        tasks.iter().for_each(|key| self.release(key));
        let Some(agent) = self.agents.remove(id) else { return tasks };
        self.total.subtract(&agent.total);
        if let Some(old) = agent.link.filter(|old| *old != link) {
            self.effects.push(Effect::Close { link: old });
        }
        tasks
    }

    /// Agents of the same host under other ids: their work folder is gone, and so are they.
    fn remove_predecessors(&mut self, id: &AgentId, hostname: &str) {
        let others = self.hosts.get(hostname).cloned().unwrap_or_default();
        for other in others.iter().filter(|other| *other != id) {
            self.forget_agent(other);
        }
        self.note_host(id, hostname);
    }

    pub(super) fn note_host(&mut self, id: &AgentId, hostname: &str) {
        self.hosts.entry(hostname.to_owned()).or_default().insert(id.clone());
    }

    pub(super) fn forget_host(&mut self, id: &AgentId, hostname: &str) {
        if let Some(agents) = self.hosts.get_mut(hostname) {
            agents.remove(id);
            if agents.is_empty() {
                self.hosts.remove(hostname);
            }
        }
    }
}
