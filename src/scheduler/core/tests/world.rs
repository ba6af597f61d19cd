//! A cluster for the core: a master with agents, the quorum's records, and both clocks.

use crate::core::{
    Answer, Change, Command, Core, Effect, Input, KillScope, Launch, Now, Offer, Op, Refusal,
    State, TaskRef, Turn, Update,
};
use crate::model::{AppId, AppUpdate, Goal, Moment};
use mesoform_mesos::TaskState;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

pub struct Agent {
    pub host: String,
    cpus: i64,
    ports: (u16, u16),
    attributes: BTreeMap<String, String>,
    pub reachable: bool,
}

pub struct Task {
    pub app: String,
    pub agent: usize,
    pub state: TaskState,
    cpus: i64,
    ports: Vec<u16>,
}

pub struct World {
    pub core: Core,
    pub records: BTreeMap<String, String>,
    pub agents: Vec<Agent>,
    /// What really runs, by task id.
    pub tasks: BTreeMap<String, Task>,
    now: Now,
    seed: u128,
    commands: u64,
    replies: BTreeMap<u64, Result<Answer, Refusal>>,
    updates: VecDeque<Update>,
    offered: BTreeMap<String, usize>,
    pub launched: usize,
    pub calls: Vec<&'static str>,
    pub acknowledged: usize,
    pub suppressed: bool,
    pub deployment: String,
}

pub fn id(text: &str) -> AppId {
    AppId::parse(text).unwrap()
}

pub fn update(value: &Value) -> AppUpdate {
    AppUpdate::read(value).unwrap()
}

/// Connected, with `agents` agents of 4 cores.
pub fn world(agents: usize) -> World {
    let now = Now { wall: Moment::from_millis(1_700_000_000_000), tick: Duration::ZERO };
    let agent = |n: usize| Agent {
        host: format!("h{}", n + 1),
        cpus: 4000,
        ports: (31000, 31099),
        attributes: BTreeMap::from([("rack".to_owned(), format!("r{}", n % 2 + 1))]),
        reachable: true,
    };
    let mut world = World {
        core: Core::new(State::default(), 7, now),
        records: BTreeMap::new(),
        agents: (0..agents).map(agent).collect(),
        tasks: BTreeMap::new(),
        now,
        seed: 7,
        commands: 0,
        replies: BTreeMap::new(),
        updates: VecDeque::new(),
        offered: BTreeMap::new(),
        launched: 0,
        calls: Vec::new(),
        acknowledged: 0,
        suppressed: false,
        deployment: String::new(),
    };
    world.connect();
    world
}

impl World {
    pub fn connect(&mut self) -> &mut Self {
        self.suppressed = false;
        let framework_id = self.core.view(self.now).state.framework_id;
        let framework_id = framework_id.unwrap_or_else(|| "F1".to_owned());
        self.give(Input::Connected { framework_id, master: "h1:5050".to_owned() })
    }

    pub fn disconnect(&mut self) -> &mut Self {
        self.give(Input::Disconnected)
    }

    /// The leader dies; another one loads the records and connects.
    pub fn failover(&mut self) -> &mut Self {
        self.updates.clear();
        self.seed += 1;
        let records = self.records.iter().map(|(k, v)| (k.as_str(), v.as_bytes()));
        let state = State::load(records).unwrap();
        self.core = Core::new(state, self.seed, self.now);
        self.connect()
    }

    /// The leader commits what comes of `input` and dies before anything comes of it.
    pub fn dies_after_commit(&mut self, input: Input) -> &mut Self {
        let turn = self.core.handle(input, self.now);
        self.commit(&turn.ops);
        self.failover()
    }

    /// The leader dies before it could commit what comes of `input`.
    pub fn dies_before_commit(&mut self, input: Input) -> &mut Self {
        drop(self.core.handle(input, self.now));
        self.failover()
    }

    pub fn app(&mut self, id: &str, instances: u32) -> &mut Self {
        self.create(json!({ "id": id, "cmd": "run", "cpus": 1, "mem": 16, "instances": instances }))
    }

    pub fn create(&mut self, app: Value) -> &mut Self {
        let change =
            Box::new(Change { app: id(app["id"].as_str().unwrap()), update: update(&app) });
        self.command(Command::Create { change, force: false }).unwrap();
        self
    }

    pub fn put(&mut self, app: &str, fields: Value, force: bool) -> Result<Answer, Refusal> {
        let changes = vec![Change { app: id(app), update: update(&fields) }];
        self.command(Command::Update { changes, partial: true, may_create: true, force })
    }

    pub fn scale(&mut self, app: &str, instances: u32) -> &mut Self {
        self.put(app, json!({ "instances": instances }), true).unwrap();
        self
    }

    pub fn delete(&mut self, app: &str) -> &mut Self {
        self.command(Command::Delete { app: id(app), force: true }).unwrap();
        self
    }

    pub fn kill(&mut self, app: &str, scale: bool) -> Result<Answer, Refusal> {
        let scope = KillScope::App { app: id(app), host: None };
        self.command(Command::Kill { scope, scale, force: false })
    }

    pub fn command(&mut self, command: Command) -> Result<Answer, Refusal> {
        self.commands += 1;
        let id = self.commands;
        self.give(Input::Command { id, command });
        let answer = self.replies.remove(&id).expect("every command is answered");
        if let Ok(Answer::Created { deployment, .. } | Answer::Deploying { deployment, .. }) =
            &answer
        {
            self.deployment.clone_from(deployment);
        }
        answer
    }

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

    fn offer_of(&mut self, agent: usize) -> Offer {
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

    fn tell(&mut self, task: &str, agent: Option<usize>, state: TaskState, uuid: bool) {
        self.updates.push_back(Update {
            task_id: task.to_owned(),
            agent_id: agent.map(|n| format!("A{n}")),
            state,
            uuid: uuid.then(|| vec![1]),
            message: "so it is".to_owned(),
            reason: None,
        });
    }

    /// Time passes; the core is woken whenever it asked to be.
    pub fn pass(&mut self, seconds: f64) -> &mut Self {
        let end = self.now.tick + Duration::from_secs_f64(seconds);
        while let Some(wake) = self.core.next_wake().filter(|wake| *wake <= end) {
            self.advance_to(wake.max(self.now.tick));
            self.give(Input::Wake);
            assert!(self.core.next_wake() > Some(wake), "the core wakes in circles");
        }
        self.advance_to(end);
        self
    }

    fn advance_to(&mut self, tick: Duration) {
        let tick = tick.max(self.now.tick);
        let step = tick - self.now.tick;
        let wall = self.now.wall.plus_millis(step.as_millis() as i64);
        self.now = Now { wall, tick };
    }

    /// The core takes `input`; what it wants is committed and then done, and so is what follows.
    pub fn give(&mut self, input: Input) -> &mut Self {
        self.advance_to(self.now.tick + Duration::from_millis(1));
        let turn = self.core.handle(input, self.now);
        self.carry_out(turn);
        self.flush()
    }

    fn flush(&mut self) -> &mut Self {
        while let Some(update) = self.updates.pop_front() {
            let turn = self.core.handle(Input::Update(update), self.now);
            self.carry_out(turn);
        }
        self
    }

    fn commit(&mut self, ops: &[Op]) {
        for op in ops {
            match op.clone() {
                Op::Put { key, value } => drop(self.records.insert(key, value)),
                Op::Delete { key } => drop(self.records.remove(&key)),
                Op::DeletePrefix { prefix } => self.records.retain(|k, _| !k.starts_with(&prefix)),
            }
        }
    }

    fn carry_out(&mut self, turn: Turn) {
        self.commit(&turn.ops);
        for effect in turn.effects {
            match effect {
                Effect::Reply { id, answer } => drop(self.replies.insert(id, answer)),
                Effect::Accept { offer_id, launches, .. } => self.accept(&offer_id, launches),
                Effect::Decline { .. } => self.calls.push("DECLINE"),
                Effect::Revive => {
                    self.suppressed = false;
                    self.calls.push("REVIVE");
                }
                Effect::Suppress => {
                    self.suppressed = true;
                    self.calls.push("SUPPRESS");
                }
                Effect::Kill(task) => self.kill_task(&task),
                Effect::Acknowledge { .. } => self.acknowledged += 1,
                Effect::Reconcile(tasks) => self.reconcile(&tasks),
            }
        }
    }

    fn accept(&mut self, offer_id: &str, launches: Vec<Launch>) {
        let agent = self.offered[offer_id];
        for Launch { instance, app } in launches {
            let key = crate::records::instance_key(&instance.id);
            assert!(self.records.contains_key(&key), "{} is launched unrecorded", instance.id);
            let on_it = || self.tasks.values().filter(|t| t.agent == agent);
            let taken = on_it().any(|t| t.ports.iter().any(|p| instance.ports.contains(p)));
            assert!(!taken, "a port is used twice on h{}", agent + 1);
            let cpus = (app.cpus * 1000.0) as i64;
            let used: i64 = on_it().map(|t| t.cpus).sum();
            assert!(used + cpus <= self.agents[agent].cpus, "h{} is overbooked", agent + 1);
            self.check_capacity(&instance.app);
            let task = Task {
                app: app.id.to_string(),
                agent,
                state: TaskState::Staging,
                cpus,
                ports: instance.ports.clone(),
            };
            let before = self.tasks.insert(instance.id.task_id(), task);
            assert!(before.is_none(), "{} is launched twice", instance.id);
            self.launched += 1;
        }
    }

    fn check_capacity(&self, app: &AppId) {
        let state = self.core.view(self.now).state;
        let Some(definition) = state.apps.get(app) else { return };
        let active = state.of(app).filter(|i| i.goal != Goal::Decommissioned).count();
        let wanted = definition.instances as usize;
        let capacity = definition.upgrade_strategy.max_capacity(wanted);
        assert!(active <= capacity, "{app} has {active} instances, {capacity} are allowed");
    }

    fn kill_task(&mut self, task: &TaskRef) {
        self.calls.push("KILL");
        let known = self.tasks.get(&task.task_id).map(|t| t.agent);
        match known {
            Some(agent) if self.agents[agent].reachable => {
                self.tasks.remove(&task.task_id);
                self.tell(&task.task_id, Some(agent), TaskState::Killed, true);
            }
            Some(_) => {}
            None => self.tell(&task.task_id, None, TaskState::Unknown, false),
        }
    }

    fn reconcile(&mut self, tasks: &[TaskRef]) {
        self.calls.push("RECONCILE");
        for TaskRef { task_id, .. } in tasks {
            let (agent, state) = match self.tasks.get(task_id) {
                Some(task) if self.agents[task.agent].reachable => (Some(task.agent), task.state),
                Some(task) => (Some(task.agent), TaskState::Unreachable),
                None => (None, TaskState::Unknown),
            };
            self.tell(task_id, agent, state, false);
        }
    }

    pub fn state(&self) -> State {
        self.core.view(self.now).state
    }

    pub fn queued(&self, app: &str) -> usize {
        let queue = self.core.view(self.now).queue;
        queue.iter().find(|item| item.app.id == id(app)).map_or(0, |item| item.count)
    }

    /// How many tasks of `app` are really there.
    pub fn live(&self, app: &str) -> usize {
        self.tasks.values().filter(|t| t.app == app).count()
    }

    pub fn running(&self, app: &str) -> usize {
        self.state().of(&id(app)).filter(|i| i.is_running()).count()
    }

    pub fn hosts(&self, app: &str) -> Vec<String> {
        let state = self.state();
        let mut hosts: Vec<String> = state.of(&id(app)).map(|i| i.host.clone()).collect();
        hosts.sort();
        hosts
    }

    pub fn expect_launches(&mut self, count: usize) -> &mut Self {
        assert_eq!(self.launched, count, "launches");
        self
    }

    pub fn expect_running(&mut self, app: &str, count: usize) -> &mut Self {
        assert_eq!(self.running(app), count, "running instances of {app}");
        self
    }

    pub fn expect_deployed(&mut self) -> &mut Self {
        assert!(self.state().deployments.is_empty(), "{:?}", self.state().deployments);
        self
    }

    pub fn expect_deploying(&mut self) -> &mut Self {
        assert_eq!(self.state().deployments.len(), 1);
        self
    }
}
