//! Whatever happens, in whatever order: nothing is given twice, and a task never goes back.

use super::{World, cpus, running};
use crate::core::LinkId;
use mesoform_mesos::agent_protocol::{OrderKind, TaskReport};
use mesoform_mesos::scheduler::{Acknowledge, CallBody, Decline, Event, Kill, Reconcile, Revive};
use mesoform_mesos::{
    AgentId, Filters, FrameworkId, FrameworkInfo, Offer, TaskId, TaskInfo, TaskState, capability,
};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::time::Duration;

#[derive(Debug, Clone)]
enum Step {
    Pass(u64),
    AgentComes(usize),
    AgentLinkBreaks(usize),
    AgentForgets(usize),
    Pong(usize),
    FrameworkComes(usize),
    FrameworkLinkBreaks(usize),
    Accept(usize, u8, u8),
    Decline(usize, u8),
    Revive(usize),
    Kill(usize, u8),
    Teardown(usize),
    Reconcile(usize),
    Report(usize, u8, u8),
    Written,
}

fn step() -> impl Strategy<Value = Step> {
    let agent = 0usize..3;
    let framework = 0usize..2;
    prop_oneof![
        3 => (1u64..2500).prop_map(Step::Pass),
        3 => agent.clone().prop_map(Step::AgentComes),
        1 => agent.clone().prop_map(Step::AgentLinkBreaks),
        1 => agent.clone().prop_map(Step::AgentForgets),
        2 => agent.clone().prop_map(Step::Pong),
        3 => framework.clone().prop_map(Step::FrameworkComes),
        1 => framework.clone().prop_map(Step::FrameworkLinkBreaks),
        5 => (framework.clone(), any::<u8>(), 1u8..4).prop_map(|(f, o, n)| Step::Accept(f, o, n)),
        1 => (framework.clone(), any::<u8>()).prop_map(|(f, o)| Step::Decline(f, o)),
        1 => framework.clone().prop_map(Step::Revive),
        1 => (framework.clone(), any::<u8>()).prop_map(|(f, t)| Step::Kill(f, t)),
        1 => framework.clone().prop_map(Step::Teardown),
        1 => framework.prop_map(Step::Reconcile),
        5 => (agent, any::<u8>(), any::<u8>()).prop_map(|(a, t, s)| Step::Report(a, t, s)),
        3 => Just(Step::Written),
    ]
}

#[derive(Default)]
struct FakeAgent {
    id: Option<AgentId>,
    link: Option<LinkId>,
    tasks: BTreeMap<(FrameworkId, TaskId), (TaskInfo, TaskState)>,
}

#[derive(Default)]
struct FakeFramework {
    id: Option<FrameworkId>,
    link: Option<LinkId>,
    offers: Vec<Offer>,
}

struct Chaos {
    world: World,
    agents: Vec<FakeAgent>,
    frameworks: Vec<FakeFramework>,
    tasks: usize,
    seen: BTreeMap<(FrameworkId, TaskId), TaskState>,
}

impl Chaos {
    fn new(writes_succeed: bool) -> Self {
        let mut world = World::new();
        world.writes_succeed = writes_succeed;
        world.lively = false;
        Self {
            world,
            agents: (0..3).map(|_| FakeAgent::default()).collect(),
            frameworks: (0..2).map(|_| FakeFramework::default()).collect(),
            tasks: 0,
            seen: BTreeMap::new(),
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Pass(ms) => self.world.pass(Duration::from_millis(ms)),
            Step::AgentComes(a) => self.agent_comes(a),
            Step::AgentLinkBreaks(a) => {
                self.agents[a].link.take().into_iter().for_each(|l| self.world.lose(l))
            }
            Step::AgentForgets(a) => {
                self.agents[a] = FakeAgent { link: self.agents[a].link, ..FakeAgent::default() }
            }
            Step::Pong(a) => self.pong(a),
            Step::FrameworkComes(f) => self.framework_comes(f),
            Step::FrameworkLinkBreaks(f) => {
                self.frameworks[f].link.take().into_iter().for_each(|l| self.world.lose(l))
            }
            Step::Accept(f, offer, tasks) => self.accept(f, offer, tasks),
            Step::Decline(f, offer) => self.decline(f, offer),
            Step::Revive(f) => self.call(f, CallBody::Revive(Revive::default())),
            Step::Kill(f, task) => {
                let task_id = TaskId::new(format!("t{}", usize::from(task) % (self.tasks + 1)));
                self.call(f, CallBody::Kill(Kill { task_id, agent_id: None, kill_policy: None }));
            }
            Step::Teardown(f) => {
                self.call(f, CallBody::Teardown);
                self.frameworks[f].id = None;
            }
            Step::Reconcile(f) => self.call(f, CallBody::Reconcile(Reconcile::default())),
            Step::Report(a, task, state) => self.report(a, task, state),
            Step::Written => {
                let writes = std::mem::take(&mut self.world.writes);
                for write in writes {
                    let effects = self.world.core.written(&write, self.world.now);
                    self.world.apply(effects);
                }
            }
        }
        self.deliver();
        self.world.check();
        self.check_monotone();
    }

    fn agent_comes(&mut self, a: usize) {
        let tasks: Vec<TaskReport> = self.agents[a]
            .tasks
            .iter()
            .map(|((framework, _), (task, state))| running(task, framework, *state))
            .collect();
        let host = format!("h{a}");
        let id = self.agents[a].id.clone();
        let link = self.world.subscribe_agent(id.as_ref(), &host, cpus(4.0), tasks);
        self.agents[a].link = link.ok().or(self.agents[a].link);
    }

    fn pong(&mut self, a: usize) {
        if let Some(id) = self.agents[a].id.clone() {
            let pong = mesoform_mesos::agent_protocol::Pong { agent_id: id, leadership: 5 };
            let effects = self.world.core.pong(&format!("h{a}"), &pong, self.world.now);
            self.world.apply(effects.unwrap_or_default());
        }
    }

    fn framework_comes(&mut self, f: usize) {
        let mut info = FrameworkInfo::new(format!("f{f}"), "root");
        if f == 0 {
            info = info.with_capability(capability::PARTITION_AWARE);
        }
        info.failover_timeout = Some(2.0);
        info.id = self.frameworks[f].id.clone();
        let link = self.world.subscribe_framework(info);
        self.frameworks[f].link = Some(link);
        self.frameworks[f].offers.clear();
    }

    fn accept(&mut self, f: usize, offer: u8, tasks: u8) {
        let Some(offer) = self.pick(f, offer) else { return };
        let ids: Vec<_> = (0..tasks).map(|n| format!("t{}", self.tasks + usize::from(n))).collect();
        self.tasks += ids.len();
        let tasks: Vec<_> = ids.iter().map(|id| (id.as_str(), 1.5)).collect();
        if let (Some(link), Some(_)) = (self.frameworks[f].link, &self.frameworks[f].id)
            && !self.world.closed.contains(&link)
        {
            self.world.accept(link, &offer, &tasks);
        }
    }

    fn decline(&mut self, f: usize, offer: u8) {
        let Some(offer) = self.pick(f, offer) else { return };
        let filters = Some(Filters { refuse_seconds: Some(2.0) });
        self.call(f, CallBody::Decline(Decline { offer_ids: vec![offer.id], filters }));
    }

    fn pick(&self, f: usize, offer: u8) -> Option<Offer> {
        let offers = &self.frameworks[f].offers;
        offers.get(usize::from(offer) % offers.len().max(1)).cloned()
    }

    fn call(&mut self, f: usize, body: CallBody) {
        let (id, link) = (self.frameworks[f].id.clone(), self.frameworks[f].link);
        let effects = self.world.core.call(id, link, body, self.world.now);
        self.world.apply(effects.unwrap_or_default());
    }

    fn report(&mut self, a: usize, task: u8, state: u8) {
        use mesoform_mesos::TaskState as S;
        let states = [S::Starting, S::Running, S::Running, S::Killing, S::Finished, S::Failed];
        let agent = &mut self.agents[a];
        let nth = usize::from(task) % agent.tasks.len().max(1);
        let Some((key, (_, held))) = agent.tasks.iter_mut().nth(nth) else { return };
        if held.is_terminal() {
            return;
        }
        let state = states[usize::from(state) % states.len()];
        *held = state;
        let (key, Some(id)) = (key.clone(), agent.id.clone()) else { return };
        let known = self.world.core.agents.get(&id).is_some_and(|a| a.is_active());
        if known {
            self.world.report(&format!("h{a}"), &id, &key.0, &key.1, state);
        }
    }

    /// Agents do what they are told; frameworks acknowledge and remember offers.
    fn deliver(&mut self) {
        for a in 0..self.agents.len() {
            let orders = self.agents[a].link.map(|l| self.world.orders(l)).unwrap_or_default();
            orders.into_iter().for_each(|order| self.obey(a, order));
        }
        for f in 0..self.frameworks.len() {
            let events = self.frameworks[f].link.map(|l| self.world.events(l)).unwrap_or_default();
            events.into_iter().for_each(|event| self.hear(f, event));
        }
    }

    fn obey(&mut self, a: usize, order: OrderKind) {
        let agent = &mut self.agents[a];
        match order {
            OrderKind::Registered { agent_id } => agent.id = Some(agent_id),
            OrderKind::Launch { framework, tasks } => {
                for task in tasks {
                    let key = (framework.id.clone().unwrap(), task.task_id.clone());
                    let twice = agent.tasks.insert(key, (task, TaskState::Staging));
                    assert!(twice.is_none(), "launched twice");
                }
            }
            OrderKind::Acknowledge { framework_id, task_id, .. } => {
                let key = (framework_id, task_id);
                if agent.tasks.get(&key).is_some_and(|(_, state)| state.is_terminal()) {
                    agent.tasks.remove(&key);
                }
            }
            OrderKind::ShutdownFramework { framework_id } => {
                agent.tasks.retain(|(framework, _), _| *framework != framework_id);
            }
            _ => {}
        }
    }

    fn hear(&mut self, f: usize, event: Event) {
        match event {
            Event::Subscribed(subscribed) => self.frameworks[f].id = Some(subscribed.framework_id),
            Event::Offers(offers) => self.frameworks[f].offers.extend(offers.offers),
            Event::Update(update) => {
                let status = update.status;
                if let (Some(uuid), Some(agent_id)) = (status.uuid, status.agent_id) {
                    let task_id = status.task_id;
                    let acknowledge = Acknowledge { agent_id, task_id, uuid };
                    self.call(f, CallBody::Acknowledge(acknowledge));
                }
            }
            _ => {}
        }
    }

    fn check_monotone(&mut self) {
        for (framework_id, framework) in &self.world.core.frameworks {
            for (task_id, task) in &framework.tasks {
                let key = (framework_id.clone(), task_id.clone());
                if let Some(before) = self.seen.insert(key, task.state)
                    && before.is_terminal()
                {
                    assert_eq!(before, task.state, "{task_id} rose again");
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn nothing_is_given_twice(
        writes_succeed: bool,
        steps in prop::collection::vec(step(), 1..120),
    ) {
        let mut chaos = Chaos::new(writes_succeed);
        for step in steps {
            chaos.step(step);
        }
    }
}
