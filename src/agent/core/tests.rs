use super::*;
use crate::executor::{Cause, Exit, Outcome};
use mesoform_mesos::agent_protocol::{Order, OrderKind, QuorumId};
use mesoform_mesos::{CommandInfo, CommandUri, ContainerInfo, ContainerType, Extra, capability};
use mesoform_mesos::{FrameworkId, FrameworkInfo, TaskId, TaskInfo, TaskStatus};

/// A core under a clock of our own.
struct Agent {
    core: Core,
    now: Now,
}

const QUORUM: QuorumId = QuorumId(7);
const S: Duration = Duration::from_secs(1);

impl Agent {
    fn new() -> Self {
        Self::with(vec![], "boot")
    }

    fn with(kept: Vec<(Launch, Progress)>, boot: &str) -> Self {
        let host = Host { address: "10.0.0.1".into(), boot_id: boot.into() };
        let seen = Fence::new(QUORUM, 5);
        let core = Core::new(host, Some(AgentId::new("a")), Some(seen), kept, Binary::new_uuid);
        Self { core, now: Now { mono: S, wall: 1e9 } }
    }

    fn registered() -> Self {
        let mut agent = Self::new();
        agent.register();
        agent
    }

    fn register(&mut self) -> Vec<Effect> {
        self.order(OrderKind::Registered { agent_id: AgentId::new("a") })
    }

    fn order(&mut self, kind: OrderKind) -> Vec<Effect> {
        self.order_of(5, kind)
    }

    fn order_of(&mut self, revision: i64, kind: OrderKind) -> Vec<Effect> {
        self.order_by(Fence::new(QUORUM, revision), kind)
    }

    fn order_by(&mut self, leadership: Fence, kind: OrderKind) -> Vec<Effect> {
        self.core.handle(Input::Order(Order::new(leadership, kind)), self.now)
    }

    fn launch(&mut self) -> Vec<Effect> {
        self.launch_task(task())
    }

    fn launch_task(&mut self, task: TaskInfo) -> Vec<Effect> {
        self.order(OrderKind::Launch { framework: Box::new(framework()), tasks: vec![task] })
    }

    fn news(&mut self, news: News) -> Vec<Effect> {
        self.core.handle(Input::Executor { key: key(), news }, self.now)
    }

    fn ended(&mut self, outcome: Outcome) -> Vec<Effect> {
        self.news(News::Ended(Exit::now(outcome, None, outcome.words(false))))
    }

    fn kill(&mut self) -> Vec<Effect> {
        self.order(OrderKind::Kill {
            framework_id: FrameworkId::new("f"),
            task_id: TaskId::new("t"),
            grace_ms: None,
        })
    }

    fn acknowledge(&mut self, status: &TaskStatus) -> Vec<Effect> {
        self.order(OrderKind::Acknowledge {
            framework_id: FrameworkId::new("f"),
            task_id: status.task_id.clone(),
            uuid: status.uuid.clone().unwrap(),
        })
    }

    fn after(&mut self, time: Duration) -> Vec<Effect> {
        self.now.mono += time;
        self.core.handle(Input::Tick, self.now)
    }

    fn kept(&self) -> Vec<(Launch, Progress)> {
        self.core.tasks().map(|(_, t)| (t.launch.clone(), t.progress.clone())).collect()
    }
}

fn framework() -> FrameworkInfo {
    let mut framework = FrameworkInfo::new("marathon", "");
    framework.id = Some(FrameworkId::new("f"));
    framework
}

fn task() -> TaskInfo {
    TaskInfo::command("t", AgentId::new("a"), CommandInfo::shell("sleep 1"), vec![])
}

fn key() -> TaskKey {
    TaskKey { framework: "f".into(), task: "t".into() }
}

/// The statuses that go out.
fn sent(effects: &[Effect]) -> Vec<TaskStatus> {
    let reports = effects.iter().filter_map(|effect| match effect {
        Effect::Report(report) => Some(report.updates.clone()),
        _ => None,
    });
    reports.flatten().map(|update| update.status).collect()
}

fn states(effects: &[Effect]) -> Vec<TaskState> {
    sent(effects).iter().map(|status| status.state).collect()
}

#[test]
fn a_launch_is_kept_before_it_is_done_and_done_before_it_is_told() {
    let effects = Agent::registered().launch();
    let [
        Effect::KeepLaunch { .. },
        Effect::KeepProgress { progress, .. },
        Effect::Launch { .. },
        Effect::Report(report),
    ] = &effects[..]
    else {
        panic!("{effects:?}")
    };
    assert_eq!(progress.pending, report.updates);
    let status = &report.updates[0].status;
    assert_eq!(status.state, TaskState::Starting);
    assert_eq!((report.leadership, status.timestamp), (5, Some(1e9)));
    let address = &status.container_status.as_ref().unwrap().network_infos[0].ip_addresses[0];
    assert_eq!(address.ip_address.as_deref(), Some("10.0.0.1"));
}

#[test]
fn the_next_update_waits_for_the_acknowledgement_of_the_last() {
    let mut agent = Agent::registered();
    let starting = sent(&agent.launch()).remove(0);
    assert_eq!(states(&agent.news(News::Running { pid: 7 })), []);
    assert_eq!(states(&agent.ended(Outcome::Code(0))), []);
    let running = sent(&agent.acknowledge(&starting)).remove(0);
    assert_eq!(running.state, TaskState::Running);
    assert_eq!(running.container_status.as_ref().unwrap().executor_pid, Some(7));
    assert_eq!(states(&agent.acknowledge(&starting)), [], "an old acknowledgement is none");
    let finished = sent(&agent.acknowledge(&running)).remove(0);
    assert_eq!(finished.state, TaskState::Finished);
    assert_eq!(finished.message.as_deref(), Some("exited with status 0"));
    assert_eq!(agent.core.task_reports().len(), 1);
    assert_eq!(states(&agent.acknowledge(&finished)), []);
    assert_eq!(agent.core.task_reports().len(), 0, "it is over");
}

#[test]
fn a_task_that_nobody_saw_run_still_did() {
    let mut agent = Agent::registered();
    agent.launch();
    agent.ended(Outcome::Code(0));
    let pending: Vec<_> = agent.kept()[0].1.pending.iter().map(|u| u.status.state).collect();
    assert_eq!(pending, [TaskState::Starting, TaskState::Running, TaskState::Finished]);
}

#[test]
fn updates_are_sent_again_less_and_less_often() {
    let mut agent = Agent::registered();
    agent.launch();
    assert_eq!(agent.core.wake_at(), Some(11 * S));
    assert_eq!(states(&agent.after(9 * S)).len(), 0);
    assert_eq!(states(&agent.after(S)).len(), 1);
    assert_eq!(states(&agent.after(19 * S)).len(), 0);
    assert_eq!(states(&agent.after(S)).len(), 1);
    for _ in 0..20 {
        assert_eq!(states(&agent.after(600 * S)).len(), 1);
    }
}

#[test]
fn nothing_is_sent_without_a_master_and_all_is_sent_to_the_next() {
    let mut agent = Agent::registered();
    agent.launch();
    agent.core.handle(Input::Disconnected, agent.now);
    assert_eq!(agent.core.wake_at(), None);
    assert_eq!(agent.after(600 * S), []);
    assert_eq!(agent.core.task_reports()[0].pending.len(), 1);
    assert_eq!(states(&agent.register()), [TaskState::Starting]);
}

#[test]
fn orders_of_a_deposed_master_are_refused_and_leaderships_are_kept_first() {
    let mut agent = Agent::registered();
    let end = OrderKind::Shutdown { reason: "x".into() };
    let [four, five, nine] = [4, 5, 9].map(|revision| Fence::new(QUORUM, revision));
    assert_eq!(agent.order_by(four, end), [Effect::Refuse { leadership: four, seen: five }]);
    let effects = agent.order_by(nine, OrderKind::Ping);
    assert!(
        matches!(effects[..], [Effect::KeepLeadership(kept), Effect::Pong(_)] if kept == nine),
        "{effects:?}"
    );
    assert_eq!(agent.order(OrderKind::Ping), [Effect::Refuse { leadership: five, seen: nine }]);
}

#[test]
fn orders_of_another_quorum_are_refused_whatever_their_revision() {
    let mut agent = Agent::registered();
    let seen = agent.core.seen().unwrap();
    for revision in [1, 5, 900] {
        let leadership = Fence::new(QuorumId(8), revision);
        let end = OrderKind::Shutdown { reason: "x".into() };
        assert_eq!(agent.order_by(leadership, end), [Effect::Refuse { leadership, seen }]);
    }
    assert_eq!(agent.core.seen(), Some(seen));
}

#[test]
fn a_task_is_launched_once() {
    let mut agent = Agent::registered();
    agent.launch();
    assert_eq!(agent.launch(), []);
    agent.ended(Outcome::Code(1));
    assert_eq!(agent.launch(), []);
}

#[test]
fn how_a_task_ended_decides_its_last_state() {
    for (outcome, cause, state) in [
        (Outcome::Code(0), None, TaskState::Finished),
        (Outcome::Code(3), None, TaskState::Failed),
        (Outcome::Signal(9), None, TaskState::Failed),
        (Outcome::NotStarted, None, TaskState::Failed),
        (Outcome::Lost, None, TaskState::Failed),
        (Outcome::Code(0), Some(Cause::Terminated), TaskState::Failed),
    ] {
        let mut agent = Agent::new();
        agent.launch();
        agent.news(News::Running { pid: 1 });
        let effects = agent.news(News::Ended(Exit::now(outcome, cause, "m".into())));
        assert!(matches!(effects[..], [Effect::KeepProgress { .. }, Effect::Release { .. }]));
        assert_eq!(agent.kept()[0].1.state, state, "{outcome:?} {cause:?}");
    }
}

#[test]
fn a_kill_reaches_the_executor_and_the_task_ends_killed() {
    let mut agent = Agent::registered();
    agent.launch();
    let effects = agent.kill();
    let [Effect::KeepProgress { .. }, Effect::Kill { grace, .. }] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert_eq!(*grace, 3 * S);
    agent.ended(Outcome::Signal(15));
    assert_eq!(agent.kept()[0].1.state, TaskState::Killed);
    assert_eq!(agent.kill(), [], "it is dead");
}

#[test]
fn a_framework_that_wants_it_hears_of_killing_once() {
    let mut agent = Agent::registered();
    let framework = framework().with_capability(capability::TASK_KILLING_STATE);
    let launch = OrderKind::Launch { framework: Box::new(framework), tasks: vec![task()] };
    agent.order(launch);
    agent.kill();
    agent.kill();
    let pending: Vec<_> = agent.kept()[0].1.pending.iter().map(|u| u.status.state).collect();
    assert_eq!(pending, [TaskState::Starting, TaskState::Killing]);
    agent.news(News::Running { pid: 1 });
    assert_eq!(agent.kept()[0].1.state, TaskState::Killing, "it does not go back");
}

#[test]
fn the_kill_of_an_unknown_task_is_answered() {
    let status = sent(&Agent::registered().kill()).remove(0);
    assert_eq!(status.state, TaskState::Lost);
    assert_eq!(status.message.as_deref(), Some("unknown task"));
}

#[test]
fn what_cannot_be_run_fails_at_once_and_clearly() {
    let mut uris = task();
    uris.command.as_mut().unwrap().uris =
        vec![CommandUri { value: "http://x/y.tgz".into(), ..Default::default() }];
    let mut docker = task();
    docker.container = Some(ContainerInfo {
        kind: ContainerType::Docker,
        volumes: vec![],
        hostname: None,
        docker: None,
        network_infos: vec![],
        extra: Extra::new(),
    });
    let mut nothing = task();
    nothing.command = None;
    for (task, state, words) in [
        (uris, TaskState::Failed, "http://x/y.tgz"),
        (docker, TaskState::Failed, "Docker"),
        (nothing, TaskState::Error, "no command"),
    ] {
        let effects = Agent::registered().launch_task(task);
        assert!(!effects.iter().any(|e| matches!(e, Effect::Launch { .. })));
        let status = sent(&effects).remove(0);
        assert_eq!(status.state, state);
        assert!(status.message.unwrap().contains(words));
    }
}

#[test]
fn a_restarted_agent_looks_after_its_tasks_and_sends_what_waits() {
    let mut before = Agent::registered();
    before.launch();
    before.news(News::Running { pid: 7 });
    before.kill();
    let mut agent = Agent::with(before.kept(), "boot");
    let effects = agent.core.handle(Input::Recovered, agent.now);
    let [Effect::Watch { ran: true, .. }, Effect::Kill { .. }] = &effects[..] else {
        panic!("{effects:?}")
    };
    agent.news(News::Running { pid: 7 });
    let report = agent.core.task_reports().remove(0);
    assert_eq!((report.state, report.pending.len()), (TaskState::Running, 2));
    assert_eq!(states(&agent.register()), [TaskState::Starting]);
}

#[test]
fn after_a_reboot_what_ran_is_lost_in_the_frameworks_words() {
    for (framework, state) in [
        (framework(), TaskState::Lost),
        (framework().with_capability(capability::PARTITION_AWARE), TaskState::Gone),
    ] {
        let mut before = Agent::registered();
        before.order(OrderKind::Launch { framework: Box::new(framework), tasks: vec![task()] });
        let mut agent = Agent::with(before.kept(), "another boot");
        agent.core.handle(Input::Recovered, agent.now);
        agent.ended(Outcome::Lost);
        let last = agent.kept()[0].1.pending.last().unwrap().status.clone();
        assert_eq!(last.state, state);
        assert_eq!(last.message.as_deref(), Some("the host restarted while the task ran"));
    }
}

#[test]
fn a_framework_that_is_gone_takes_its_tasks_along_in_silence() {
    let mut agent = Agent::registered();
    agent.launch();
    let gone = OrderKind::ShutdownFramework { framework_id: FrameworkId::new("f") };
    let effects = agent.order(gone);
    assert!(matches!(effects[..], [Effect::KeepProgress { .. }, Effect::Kill { .. }]));
    assert_eq!(states(&agent.ended(Outcome::Signal(9))), []);
    assert_eq!(agent.core.task_reports().len(), 0);
}

#[test]
fn a_shutdown_ends_the_agent_when_all_tasks_have_ended() {
    let mut agent = Agent::registered();
    agent.launch();
    let shutdown = || OrderKind::Shutdown { reason: "gone".into() };
    assert!(!agent.order(shutdown()).iter().any(|e| matches!(e, Effect::Leave { .. })));
    assert!(agent.ended(Outcome::Signal(15)).contains(&Effect::Leave { reason: "gone".into() }));
    let mut idle = Agent::registered();
    assert_eq!(idle.order(shutdown()), [Effect::Leave { reason: "gone".into() }]);
}

#[test]
fn short_names_tell_tasks_apart() {
    let key =
        |framework: &str, task: &str| TaskKey { framework: framework.into(), task: task.into() };
    assert_ne!(key("a", "bc").short(), key("ab", "c").short());
    assert_eq!(key("a", "../../x").short().len(), 16);
}
