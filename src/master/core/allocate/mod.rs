//! Who is offered what: dominant resource fairness between frameworks, agent by agent. All that is free
//! on an agent goes to the framework with the smallest dominant share that does not refuse it.

mod account;
mod refuse;
mod withdraw;

use super::agent::Agent;
use super::offer::OpenOffer;
use super::{Core, Timer};
use mesoform_mesos::scheduler::{Event, Offers};
use mesoform_mesos::{
    Address, AgentId, AllocationInfo, Extra, FrameworkId, Offer, OfferId, Resources, Url,
};
use std::collections::{BTreeMap, BTreeSet};

/// Less than both of these is not worth an offer (upstream's MIN_CPUS and MIN_MEM), in thousandths.
const MIN_CPUS: u64 = 10;
const MIN_MEM: u64 = 32_000;

/// Frameworks by their dominant share, the poorest first.
type Queue = BTreeSet<(u64, FrameworkId)>;

impl Core {
    /// Makes offers in a few milliseconds, together with what gets free until then.
    pub(super) fn allocate_soon(&mut self) {
        self.timers.set_by(Timer::Allocate, self.now + self.limits.batch);
    }

    /// Offers all that is free and wanted.
    pub(super) fn allocate(&mut self) {
        let mut queue = self.queue();
        if queue.is_empty() {
            return;
        }
        let mut made: BTreeMap<FrameworkId, Vec<Offer>> = BTreeMap::new();
        for (agent_id, free) in self.free_agents() {
            let Some(taker) = self.taker(&queue, &agent_id, &free) else { continue };
            queue.remove(&taker);
            let framework_id = taker.1;
            if let Some(offer) = self.make_offer(&framework_id, &agent_id, free) {
                made.entry(framework_id.clone()).or_default().push(offer);
            }
            queue.insert((self.share(&framework_id), framework_id));
        }
        for (framework_id, offers) in made {
            self.tell(&framework_id, Event::Offers(Offers { offers }));
        }
    }

    fn queue(&self) -> Queue {
        let wanting = self.frameworks.iter().filter(|(_, f)| f.offer_role().is_some());
        wanting.map(|(id, _)| (self.share(id), id.clone())).collect()
    }

    fn share(&self, id: &FrameworkId) -> u64 {
        self.frameworks.get(id).map_or(0, |f| f.allocated.dominant_share(&self.total))
    }

    fn free_agents(&self) -> Vec<(AgentId, Resources)> {
        let worth = |(_, agent): &(&AgentId, &Agent)| {
            agent.is_active()
                && (agent.free_milli("cpus") >= MIN_CPUS || agent.free_milli("mem") >= MIN_MEM)
        };
        let agents = self.agents.iter().filter(worth);
        agents.map(|(id, agent)| (id.clone(), agent.free())).collect()
    }

    fn taker(
        &self,
        queue: &Queue,
        agent: &AgentId,
        free: &Resources,
    ) -> Option<(u64, FrameworkId)> {
        let now = self.now.since_start;
        let wants = |id: &FrameworkId| {
            self.frameworks.get(id).is_some_and(|f| !f.refuses(agent, free, now))
        };
        queue.iter().find(|(_, id)| wants(id)).cloned()
    }

    fn make_offer(
        &mut self,
        framework_id: &FrameworkId,
        agent_id: &AgentId,
        resources: Resources,
    ) -> Option<Offer> {
        let framework = self.frameworks.get_mut(framework_id)?;
        let agent = self.agents.get_mut(agent_id)?;
        let role = framework.offer_role()?;
        let id = OfferId::new(format!("{}-O{}", self.term.master_id, self.next_id.offer));
        self.next_id.offer += 1;
        agent.offered.add(&resources);
        agent.offers.insert(id.clone());
        framework.allocated.add(&resources);
        framework.offers.insert(id.clone());
        let offer = Offer {
            id: id.clone(),
            framework_id: framework_id.clone(),
            agent_id: agent_id.clone(),
            hostname: agent.info.hostname.clone(),
            url: Some(agent_url(&agent.info)),
            resources: resources.to_offer(&role),
            attributes: agent.info.attributes.clone(),
            executor_ids: Vec::new(),
            allocation_info: Some(AllocationInfo { role: Some(role) }),
            extra: Extra::new(),
        };
        let open =
            OpenOffer { framework_id: framework_id.clone(), agent_id: agent_id.clone(), resources };
        self.offers.insert(id, open);
        Some(offer)
    }
}

fn agent_url(info: &mesoform_mesos::AgentInfo) -> Url {
    let address = info.address.clone().unwrap_or_else(|| info.hostname.clone());
    let ip = address.parse::<std::net::IpAddr>().ok().map(|ip| ip.to_string());
    Url {
        scheme: "http".to_owned(),
        address: Address {
            hostname: Some(address),
            ip,
            port: u32::from(info.port.unwrap_or(5051)),
        },
        path: Some("/slave(1)".to_owned()),
        extra: Extra::new(),
    }
}
