//! Whatever happens in whatever order: every task's updates arrive whole, in order, and end once.

use super::*;
use crate::executor::{Exit, Outcome};
use mesoform_mesos::CommandInfo;
use mesoform_mesos::agent_protocol::{Order, OrderKind, QuorumId};
use mesoform_mesos::{FrameworkId, FrameworkInfo, TaskId, TaskInfo, TaskStatus};
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Step {
    Launch(u8),
    Kill(u8),
    Running(u8),
    Ended(u8),
    /// The framework acknowledges the newest that it heard.
    Acknowledge(u8),
    Register(i64),
    Disconnect,
    Wait(u16),
    /// SIGKILL and restart of the agent: only what was kept remains.
    Crash,
}

fn step() -> impl Strategy<Value = Step> {
    let task = 0u8..3;
    prop_oneof![
        task.clone().prop_map(Step::Launch),
        task.clone().prop_map(Step::Kill),
        task.clone().prop_map(Step::Running),
        task.clone().prop_map(Step::Ended),
        task.prop_map(Step::Acknowledge),
        (1i64..6).prop_map(Step::Register),
        Just(Step::Disconnect),
        (0u16..700).prop_map(Step::Wait),
        Just(Step::Crash),
    ]
}

/// The world around a core: its disk, and what the framework heard.
struct World {
    core: Core,
    disk: BTreeMap<TaskKey, (Option<Launch>, Option<Progress>)>,
    seen: i64,
    now: Duration,
    heard: BTreeMap<TaskKey, Vec<TaskStatus>>,
}

const QUORUM: QuorumId = QuorumId(7);

fn core(kept: Vec<(Launch, Progress)>, seen: i64) -> Core {
    let host = Host { address: "::1".into(), boot_id: "b".into() };
    let seen = (seen > 0).then(|| Fence::new(QUORUM, seen));
    Core::new(host, Some(AgentId::new("a")), seen, kept, Binary::new_uuid)
}

fn key(task: u8) -> TaskKey {
    TaskKey { framework: "f".into(), task: task.to_string() }
}

impl World {
    fn new() -> Self {
        Self {
            core: core(vec![], 0),
            disk: BTreeMap::new(),
            seen: 0,
            now: Duration::ZERO,
            heard: BTreeMap::new(),
        }
    }

    fn input(&mut self, input: Input) {
        let now = Now { mono: self.now, wall: self.now.as_secs_f64() };
        for effect in self.core.handle(input, now) {
            match effect {
                Effect::KeepLeadership(seen) => {
                    assert!(seen.revision > self.seen || self.seen == 0, "leaderships only grow");
                    assert_eq!(seen.quorum, QUORUM);
                    self.seen = seen.revision;
                }
                Effect::KeepLaunch { key, launch } => {
                    let old = self.disk.entry(key).or_default().0.replace(*launch);
                    assert!(old.is_none(), "a task is ordered once");
                }
                Effect::KeepProgress { key, progress } => {
                    self.disk.entry(key).or_default().1 = Some(*progress);
                }
                Effect::Launch { key } => assert!(self.disk[&key].1.is_some(), "kept before"),
                Effect::Report(report) => self.hear(report),
                _ => {}
            }
        }
    }

    fn hear(&mut self, report: Report) {
        assert_eq!(Some(report.leadership), self.core.session());
        for update in report.updates {
            let key = TaskKey::new(&update.framework_id, &update.status.task_id);
            let Some((_, progress)) = self.disk.get(&key) else { continue }; // an unknown task
            let kept = &progress.as_ref().unwrap().pending;
            assert_eq!(kept.first(), Some(&update), "the oldest, and on disk before it is sent");
            let heard = self.heard.entry(key).or_default();
            if heard.last().map(|s| &s.uuid) != Some(&update.status.uuid) {
                heard.push(update.status);
            }
        }
    }

    fn order(&mut self, leadership: i64, kind: OrderKind) {
        self.input(Input::Order(Order::new(Fence::new(QUORUM, leadership), kind)));
    }

    fn take(&mut self, step: Step) {
        let seen = self.seen;
        let (framework_id, id) = (FrameworkId::new("f"), |t: u8| TaskId::new(t.to_string()));
        match step {
            Step::Launch(t) => {
                let mut framework = FrameworkInfo::new("m", "");
                framework.id = Some(framework_id);
                let command = CommandInfo::shell("x");
                let task = TaskInfo::command(t.to_string(), AgentId::new("a"), command, vec![]);
                let framework = Box::new(framework);
                self.order(seen, OrderKind::Launch { framework, tasks: vec![task] });
            }
            Step::Kill(t) => {
                self.order(seen, OrderKind::Kill { framework_id, task_id: id(t), grace_ms: None });
            }
            Step::Running(t) => {
                self.input(Input::Executor { key: key(t), news: News::Running { pid: 1 } });
            }
            Step::Ended(t) => {
                let exit = Exit::now(Outcome::Code(0), None, String::new());
                self.input(Input::Executor { key: key(t), news: News::Ended(exit) });
            }
            Step::Acknowledge(t) => {
                let last = self.heard.get(&key(t)).and_then(|heard| heard.last());
                let Some(uuid) = last.and_then(|status| status.uuid.clone()) else { return };
                self.order(seen, OrderKind::Acknowledge { framework_id, task_id: id(t), uuid });
            }
            Step::Register(leadership) => {
                self.order(leadership, OrderKind::Registered { agent_id: AgentId::new("a") });
            }
            Step::Disconnect => self.input(Input::Disconnected),
            Step::Wait(seconds) => {
                self.now += Duration::from_secs(seconds.into());
                self.input(Input::Tick);
            }
            Step::Crash => {
                let kept = self.disk.values().cloned();
                let kept = kept.filter_map(|(launch, progress)| launch.zip(progress)).collect();
                self.core = core(kept, self.seen);
                self.input(Input::Recovered);
            }
        }
    }

    /// In the end everything is told, however long it takes.
    fn settle(&mut self) {
        let leadership = self.seen.max(1);
        self.order(leadership, OrderKind::Registered { agent_id: AgentId::new("a") });
        for task in 0..3 {
            self.take(Step::Ended(task));
            for _ in 0..5 {
                self.take(Step::Acknowledge(task));
            }
        }
    }
}

/// Failures are kept beside this file: the default place takes the crate's folder for another.
fn config() -> ProptestConfig {
    let beside = proptest::test_runner::FileFailurePersistence::WithSource("regressions");
    ProptestConfig { failure_persistence: Some(Box::new(beside)), ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn updates_arrive_whole_in_order_and_end_once(
        steps in prop::collection::vec(step(), 0..60)
    ) {
        let mut world = World::new();
        for step in steps {
            world.take(step);
        }
        world.settle();
        prop_assert!(world.core.task_reports().is_empty(), "everybody knows everything");
        for (key, (launch, _)) in &world.disk {
            prop_assert!(launch.is_some());
            let heard: Vec<TaskState> = world.heard[key].iter().map(|s| s.state).collect();
            prop_assert_eq!(heard.first(), Some(&TaskState::Starting));
            let ends = heard.iter().filter(|state| state.is_terminal()).count();
            prop_assert_eq!(ends, 1, "{:?}", heard);
            prop_assert!(heard.last().is_some_and(|state| state.is_terminal()), "{:?}", heard);
            prop_assert!(heard.iter().filter(|s| **s == TaskState::Running).count() <= 1);
        }
    }
}
