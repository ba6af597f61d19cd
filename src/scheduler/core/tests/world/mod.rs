//! A cluster for the core: a master with agents, the quorum's records, and both clocks.

mod agents;
mod clock;
mod commands;
mod looks;
mod master;

use crate::core::{Answer, Core, Now, Refusal, State, Update};
use crate::model::{AppId, AppUpdate, Moment};
use mesoform_mesos::TaskState;
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};
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
    /// How often all tasks were asked for.
    pub lists: usize,
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
        lists: 0,
        acknowledged: 0,
        suppressed: false,
        deployment: String::new(),
    };
    world.connect();
    world
}
