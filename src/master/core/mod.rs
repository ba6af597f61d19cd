//! What a leading master decides: a state machine without IO. Every input goes with the time it came,
//! and gives effects to carry out; the time of the next [`Core::tick`] is [`Core::next_deadline`].
//!
//! A `Core` lives for one leadership. After a change of masters the next one starts from the registry
//! (which agents belong to the cluster) and learns the rest from the agents and frameworks themselves.
//!
//! Tasks belong to their framework; an agent only lists them. What an agent has is `total`; what its
//! tasks hold is `used`; what lies in offers is `offered`; the rest is free.

mod agent;
mod agents;
mod allocate;
mod amounts;
mod calls;
mod effect;
mod framework;
mod frameworks;
mod limits;
mod now;
mod offer;
mod record;
mod refusal;
mod statuses;
mod task;
mod term;
#[cfg(test)]
mod tests;
mod timers;
mod updates;
mod view;

pub use effect::{Effect, LinkId, RegistryWrite};
pub use limits::Limits;
pub use now::Now;
pub use record::AgentRecord;
pub use refusal::Refusal;
pub use term::Term;
pub use view::{AgentSummary, FencedSummary, FrameworkSummary};

use agent::Agent;
use agents::{Admission, Fenced, Unreachable};
use amounts::Amounts;
use framework::Framework;
use mesoform_mesos::agent_protocol::{Fence, Order, OrderKind};
use mesoform_mesos::scheduler::Event;
use mesoform_mesos::{AgentId, FrameworkId, OfferId, TaskId};
use offer::OpenOffer;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;
use timers::{Timer, Timers};

/// How many torn down frameworks are remembered, so that none of them comes back by mistake.
const MAX_COMPLETED: usize = 1000;

/// A task's name in the whole cluster.
type TaskKey = (FrameworkId, TaskId);

/// The state of a leading master.
#[derive(Debug)]
pub struct Core {
    term: Term,
    limits: Limits,
    now: Now,
    agents: BTreeMap<AgentId, Agent>,
    /// Agents whose record is being written before they are told that they are registered.
    admitting: BTreeMap<AgentId, Admission>,
    /// Agents of the registry that have not come back since the change of masters.
    recovering: BTreeMap<AgentId, AgentRecord>,
    unreachable: BTreeMap<AgentId, Unreachable>,
    /// Agents that obey other masters, by their hosts.
    fenced: BTreeMap<String, Fenced>,
    /// The agents of each host, in any of the three states above but `admitting`.
    hosts: BTreeMap<String, BTreeSet<AgentId>>,
    /// Whose stream it is, until it has ended.
    links: BTreeMap<LinkId, Owner>,
    frameworks: BTreeMap<FrameworkId, Framework>,
    completed: VecDeque<FrameworkId>,
    offers: BTreeMap<OfferId, OpenOffer>,
    /// The sum over all agents that are there.
    total: Amounts,
    timers: Timers,
    effects: Vec<Effect>,
    next_id: Ids,
}

/// Who is at the other end of a stream.
#[derive(Debug)]
enum Owner {
    Agent(AgentId),
    Framework(FrameworkId),
}

/// Counters of the ids that this master has given.
#[derive(Debug, Default)]
struct Ids {
    agent: u64,
    framework: u64,
    offer: u64,
}

impl Core {
    /// A master that has just been elected, and the agents that the registry knows.
    pub fn new(term: Term, limits: Limits, agents: Vec<AgentRecord>, now: Now) -> Self {
        let mut core = Self {
            term,
            limits,
            now,
            agents: BTreeMap::new(),
            admitting: BTreeMap::new(),
            recovering: BTreeMap::new(),
            unreachable: BTreeMap::new(),
            fenced: BTreeMap::new(),
            hosts: BTreeMap::new(),
            links: BTreeMap::new(),
            frameworks: BTreeMap::new(),
            completed: VecDeque::new(),
            offers: BTreeMap::new(),
            total: Amounts::default(),
            timers: Timers::default(),
            effects: Vec::new(),
            next_id: Ids::default(),
        };
        core.recover(agents);
        core
    }

    /// The fencing token, which every order carries.
    pub fn leadership(&self) -> Fence {
        self.term.leadership
    }

    /// When [`Self::tick`] has something to do, on the clock of [`Now::since_start`].
    pub fn next_deadline(&self) -> Option<Duration> {
        self.timers.next()
    }

    /// Does what is due.
    pub fn tick(&mut self, now: Now) -> Vec<Effect> {
        self.now = now;
        while let Some(timer) = self.timers.take_due(now.since_start) {
            match timer {
                Timer::Allocate => self.allocate(),
                Timer::Refusals => self.refusals_end(),
                Timer::Reregister => self.declare_missing_lost(),
                Timer::Ping(agent) => self.ping(&agent),
                Timer::Heartbeat(framework) => self.heartbeat(&framework),
                Timer::Failover(framework) => self.remove_framework(&framework),
            }
        }
        self.take_effects()
    }

    /// The registry holds what [`Effect::Write`] asked for.
    pub fn written(&mut self, write: &RegistryWrite, now: Now) -> Vec<Effect> {
        self.now = now;
        match write {
            RegistryWrite::Put(record) if record.unreachable_since.is_some() => {
                self.finish_loss(record);
            }
            RegistryWrite::Put(record) => self.admit(&record.id),
            RegistryWrite::Delete(_) => {}
        }
        self.take_effects()
    }

    /// A stream of orders or events is over, whoever ended it.
    pub fn link_lost(&mut self, link: LinkId, now: Now) -> Vec<Effect> {
        self.now = now;
        match self.links.remove(&link) {
            Some(Owner::Agent(id)) => self.agent_link_lost(&id, link),
            Some(Owner::Framework(id)) => self.framework_link_lost(&id, link),
            None => self.admitting.retain(|_, admission| admission.link != link),
        }
        self.take_effects()
    }

    fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// Sends an event, if the framework is there.
    fn tell(&mut self, framework: &FrameworkId, event: Event) {
        if let Some(link) = self.frameworks.get(framework).and_then(|f| f.link) {
            self.effects.push(Effect::Event { link, event: Box::new(event) });
        }
    }

    /// Sends an order, if the agent is there.
    fn order(&mut self, agent: &AgentId, kind: OrderKind) {
        if let Some(link) = self.agents.get(agent).and_then(|a| a.link) {
            let order = Box::new(Order::new(self.term.leadership, kind));
            self.effects.push(Effect::Order { link, order });
        }
    }
}
