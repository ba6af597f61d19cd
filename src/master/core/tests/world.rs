//! A cluster to play with: agents and frameworks are names; what reaches them is collected.

use crate::core::{AgentRecord, Core, Effect, Limits, LinkId, Now, Refusal, RegistryWrite, Term};
use mesoform_mesos::agent_protocol::{
    Fence, OrderKind, Pong, QuorumId, Report, StatusUpdate, Subscribe, TaskReport,
};
use mesoform_mesos::scheduler::{Accept, CallBody, Event, Subscribe as Subscription};
use mesoform_mesos::{
    AgentId, AgentInfo, Binary, CommandInfo, Filters, FrameworkId, FrameworkInfo, Offer, Operation,
    Resource, TaskId, TaskInfo, TaskState, TaskStatus, capability,
};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The leadership of the master.
pub const TERM: Fence = Fence { quorum: QuorumId(7), revision: 5 };

pub struct World {
    pub core: Core,
    pub now: Now,
    /// Whether registry writes succeed at once; else they wait in `writes`.
    pub writes_succeed: bool,
    pub writes: Vec<RegistryWrite>,
    pub closed: BTreeSet<LinkId>,
    /// What agents that subscribe have obeyed before.
    pub seen: Option<Fence>,
    /// Whether agents answer pings.
    pub lively: bool,
    agents: BTreeMap<LinkId, (String, AgentId)>,
    events: BTreeMap<LinkId, Vec<Event>>,
    orders: BTreeMap<LinkId, Vec<OrderKind>>,
    links: u128,
}

pub fn cpus(cpus: f64) -> Vec<Resource> {
    vec![Resource::scalar("cpus", cpus), Resource::scalar("mem", cpus * 1024.0)]
}

pub fn running(task: &TaskInfo, framework: &FrameworkId, state: TaskState) -> TaskReport {
    let mut info = FrameworkInfo::new("web", "root").with_capability(capability::PARTITION_AWARE);
    info.id = Some(framework.clone());
    TaskReport { framework: info, task: task.clone(), state, pending: Vec::new() }
}

impl World {
    pub fn new() -> Self {
        Self::after(Vec::new())
    }

    /// A new master after one that left these records.
    pub fn after(records: Vec<AgentRecord>) -> Self {
        let term = Term {
            leadership: TERM,
            master_id: "M".into(),
            cluster: "test".into(),
            hostname: "m1".into(),
            address: "127.0.0.1:5050".into(),
            started: 1.0,
            elected: 2.0,
        };
        let limits = Limits {
            ping: Duration::from_secs(1),
            misses: 3,
            reregister: Duration::from_secs(10),
            ..Limits::default()
        };
        let now = Now { since_start: Duration::from_secs(100), unix: 1e9 };
        Self {
            core: Core::new(term, limits, records, now),
            now,
            writes_succeed: true,
            writes: Vec::new(),
            closed: BTreeSet::new(),
            seen: None,
            lively: true,
            agents: BTreeMap::new(),
            events: BTreeMap::new(),
            orders: BTreeMap::new(),
            links: 0,
        }
    }

    pub fn new_link(&mut self) -> LinkId {
        self.links += 1;
        LinkId(self.links)
    }

    /// Lets time pass, timer by timer.
    pub fn pass(&mut self, time: Duration) {
        let end = self.now.since_start + time;
        while let Some(next) = self.core.next_deadline().filter(|at| *at <= end) {
            self.at(next);
        }
        self.at(end);
    }

    fn at(&mut self, time: Duration) {
        let time = time.max(self.now.since_start);
        self.now.unix += (time - self.now.since_start).as_secs_f64();
        self.now.since_start = time;
        let effects = self.core.tick(self.now);
        self.apply(effects);
    }

    /// The few milliseconds until offers are made.
    pub fn settle(&mut self) {
        self.pass(Duration::from_millis(5));
    }

    pub fn apply(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Order { link, order } => {
                    assert_eq!(order.fence(), TERM);
                    assert!(!self.closed.contains(&link), "an order after the end");
                    if order.kind == OrderKind::Ping {
                        self.answer(link);
                    }
                    self.orders.entry(link).or_default().push(order.kind);
                }
                Effect::Event { link, event } => {
                    assert!(!self.closed.contains(&link), "an event after the end");
                    self.events.entry(link).or_default().push(*event);
                }
                Effect::Close { link } => drop(self.closed.insert(link)),
                Effect::Write(write) if self.writes_succeed => {
                    let more = self.core.written(&write, self.now);
                    self.apply(more);
                }
                Effect::Write(write) => self.writes.push(write),
            }
        }
    }

    fn answer(&mut self, link: LinkId) {
        if let (true, Some((host, agent_id))) = (self.lively, self.agents.get(&link)) {
            let pong = Pong { agent_id: agent_id.clone(), leadership: 5 };
            self.core.pong(host, &pong, self.now).unwrap();
        }
    }

    pub fn subscribe_agent(
        &mut self,
        id: Option<&AgentId>,
        host: &str,
        resources: Vec<Resource>,
        tasks: Vec<TaskReport>,
    ) -> Result<LinkId, Refusal> {
        let link = self.new_link();
        let info = AgentInfo { hostname: host.into(), resources, ..AgentInfo::default() };
        let (agent_id, seen) = (id.cloned(), self.seen);
        let subscribe = Subscribe {
            protocol: 1,
            agent_id,
            info,
            tasks,
            seen_leadership: seen.map_or(0, |seen| seen.revision),
            seen_quorum: seen.map(|seen| seen.quorum),
        };
        let effects = self.core.agent_subscribes(link, subscribe, self.now)?;
        self.apply(effects);
        let orders = self.orders.get(&link).into_iter().flatten();
        for order in orders {
            if let OrderKind::Registered { agent_id } = order {
                self.agents.insert(link, (host.into(), agent_id.clone()));
            }
        }
        Ok(link)
    }

    /// A new agent with these cores.
    pub fn agent(&mut self, host: &str, cores: f64) -> (LinkId, AgentId) {
        let link = self.subscribe_agent(None, host, cpus(cores), Vec::new()).unwrap();
        let orders = self.orders(link);
        let Some(OrderKind::Registered { agent_id }) = orders.first() else { panic!("{orders:?}") };
        (link, agent_id.clone())
    }

    pub fn subscribe_framework(&mut self, info: FrameworkInfo) -> LinkId {
        let link = self.new_link();
        let (id, suppressed_roles) = (info.id.clone(), Vec::new());
        let subscribe = Subscription { framework_info: info, suppressed_roles };
        let effects = self.core.framework_subscribes(link, id, subscribe, self.now).unwrap();
        self.apply(effects);
        link
    }

    /// A new partition-aware framework that may be away for a minute.
    pub fn framework(&mut self, name: &str) -> (LinkId, FrameworkId) {
        let mut info = FrameworkInfo::new(name, "root");
        info = info.with_capability(capability::PARTITION_AWARE);
        info.failover_timeout = Some(60.0);
        let link = self.subscribe_framework(info);
        let events = self.events(link);
        let [Event::Subscribed(subscribed), Event::Heartbeat] = events.as_slice() else {
            panic!("{events:?}")
        };
        (link, subscribed.framework_id.clone())
    }

    pub fn call(&mut self, link: LinkId, id: &FrameworkId, body: CallBody) {
        let effects = self.core.call(Some(id.clone()), Some(link), body, self.now).unwrap();
        self.apply(effects);
    }

    pub fn lose(&mut self, link: LinkId) {
        let effects = self.core.link_lost(link, self.now);
        self.apply(effects);
    }

    /// The events since the last look.
    pub fn events(&mut self, link: LinkId) -> Vec<Event> {
        self.events.remove(&link).unwrap_or_default()
    }

    /// The orders since the last look.
    pub fn orders(&mut self, link: LinkId) -> Vec<OrderKind> {
        self.orders.remove(&link).unwrap_or_default()
    }

    /// The offers among the events since the last look.
    pub fn offers(&mut self, link: LinkId) -> Vec<Offer> {
        let offers = self.events(link).into_iter().filter_map(|event| match event {
            Event::Offers(offers) => Some(offers.offers),
            _ => None,
        });
        offers.flatten().collect()
    }

    /// The statuses among the events since the last look.
    pub fn statuses(&mut self, link: LinkId) -> Vec<TaskStatus> {
        let updates = self.events(link).into_iter().filter_map(|event| match event {
            Event::Update(update) => Some(update.status),
            _ => None,
        });
        updates.collect()
    }

    pub fn accept(&mut self, link: LinkId, offer: &Offer, tasks: &[(&str, f64)]) -> Vec<TaskInfo> {
        let task = |(id, cores): &(&str, f64)| {
            let command = CommandInfo::shell("sleep 1");
            TaskInfo::command(*id, offer.agent_id.clone(), command, cpus(*cores))
        };
        let tasks: Vec<_> = tasks.iter().map(task).collect();
        let accept = Accept {
            offer_ids: vec![offer.id.clone()],
            operations: vec![Operation::launch(tasks.clone())],
            filters: Some(Filters { refuse_seconds: Some(5.0) }),
        };
        self.call(link, &offer.framework_id, CallBody::Accept(accept));
        tasks
    }

    pub fn report(
        &mut self,
        host: &str,
        agent: &AgentId,
        framework: &FrameworkId,
        task: &TaskId,
        state: TaskState,
    ) -> Binary {
        let uuid = Binary::new_uuid();
        let mut status = TaskStatus::new(task.clone(), state);
        status.uuid = Some(uuid.clone());
        let update =
            StatusUpdate { framework_id: framework.clone(), agent_id: agent.clone(), status };
        let report = Report { agent_id: agent.clone(), leadership: 5, updates: vec![update] };
        let effects = self.core.report(host, report, self.now).unwrap();
        self.apply(effects);
        uuid
    }
}
