use super::Admission;
use crate::core::{AgentRecord, Core, Effect, LinkId, Now, Refusal, RegistryWrite};
use mesoform_mesos::agent_protocol::Subscribe;
use mesoform_mesos::{AgentId, Resources};

/// The longest id of an agent, in bytes.
const MAX_AGENT_ID: usize = 128;

impl Core {
    /// An agent asks to be registered; its orders will go to `link`. The registry is told before the
    /// agent is, unless it knows already.
    ///
    /// # Errors
    /// Resources that cannot be offered; another agent of the same host is there; it obeys other masters;
    /// it is just being declared lost.
    pub fn agent_subscribes(
        &mut self,
        link: LinkId,
        subscribe: Subscribe,
        now: Now,
    ) -> Result<Vec<Effect>, Refusal> {
        self.now = now;
        let total = Resources::read(&subscribe.info.resources)?;
        self.check_host(&subscribe)?;
        self.check_fence(&subscribe)?;
        let id = subscribe.agent_id.clone().unwrap_or_else(|| self.new_agent_id());
        let known = self.is_admitted(&id)?;
        let admission = Admission { link, subscribe, total };
        let record = AgentRecord::new(id.clone(), &admission.subscribe.info.hostname);
        if let Some(earlier) = self.admitting.insert(id.clone(), admission) {
            self.effects.push(Effect::Close { link: earlier.link });
        }
        if known {
            self.admit(&id);
        } else {
            self.effects.push(Effect::Write(RegistryWrite::Put(record)));
        }
        Ok(self.take_effects())
    }

    /// A host has one agent.
    fn check_host(&self, subscribe: &Subscribe) -> Result<(), Refusal> {
        let hostname = &subscribe.info.hostname;
        let id = subscribe.agent_id.as_ref();
        if id.is_some_and(|id| !is_agent_id(id)) {
            return Err(Refusal::BadAgentId);
        }
        if let Some(theirs) = id.and_then(|id| self.host_of(id))
            && theirs != hostname
        {
            let (host, hostname) = (hostname.clone(), theirs.clone());
            return Err(Refusal::OtherHost { host, hostname });
        }
        let others = self.hosts.get(hostname).into_iter().flatten();
        let mut others = others.filter(|id| Some(*id) != subscribe.agent_id.as_ref());
        let there = |id: &&AgentId| self.agents.get(*id).is_some_and(|a| a.link.is_some());
        others.find(there).map_or(Ok(()), |id| {
            Err(Refusal::HostTaken { id: id.clone(), hostname: hostname.clone() })
        })
    }

    /// Whether the registry has this agent as one that is there.
    fn is_admitted(&self, id: &AgentId) -> Result<bool, Refusal> {
        if self.agents.get(id).is_some_and(|agent| agent.leaving) {
            return Err(Refusal::AgentLeaves(id.clone()));
        }
        Ok(self.agents.contains_key(id) || self.recovering.contains_key(id))
    }

    /// The host that an agent's id was given to.
    pub(super) fn host_of(&self, id: &AgentId) -> Option<&String> {
        let agent = self.agents.get(id).map(|a| &a.info.hostname);
        let recovering = || self.recovering.get(id).map(|r| &r.hostname);
        let unreachable = || self.unreachable.get(id).map(|u| &u.record.hostname);
        agent.or_else(recovering).or_else(unreachable)
    }

    fn new_agent_id(&mut self) -> AgentId {
        let id = AgentId::new(format!("{}-S{}", self.term.master_id, self.next_id.agent));
        self.next_id.agent += 1;
        id
    }
}

/// It becomes part of a key in the registry.
fn is_agent_id(id: &AgentId) -> bool {
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    (1..=MAX_AGENT_ID).contains(&id.value.len()) && id.value.chars().all(fine)
}
