use super::world::{World, id, world};
use crate::core::{Command, Input};
use mesoform_mesos::TaskState;
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use serde_json::json;

const APPS: [&str; 3] = ["/a", "/b/c", "/d"];

#[derive(Debug, Clone)]
enum Step {
    Put { app: usize, instances: u32, command: u8 },
    Delete(usize),
    Restart(usize),
    Kill { app: usize, scale: bool },
    CancelAny { force: bool },
    Offers,
    Runs(usize),
    Ends(usize, TaskState),
    AgentLost(usize),
    AgentBack(usize),
    Failover,
    DiesWithOffers { committed: bool },
    Disconnect,
    Connect,
    Pass(u16),
}

fn step() -> impl Strategy<Value = Step> {
    let app = 0..APPS.len();
    let end = prop_oneof![
        Just(TaskState::Failed),
        Just(TaskState::Finished),
        Just(TaskState::Killed),
        Just(TaskState::Lost),
        Just(TaskState::Error),
    ];
    prop_oneof![
        4 => (app.clone(), 0..5u32, 0..3u8)
            .prop_map(|(app, instances, command)| Step::Put { app, instances, command }),
        1 => app.clone().prop_map(Step::Delete),
        1 => app.clone().prop_map(Step::Restart),
        1 => (app, any::<bool>()).prop_map(|(app, scale)| Step::Kill { app, scale }),
        1 => any::<bool>().prop_map(|force| Step::CancelAny { force }),
        8 => Just(Step::Offers),
        8 => (0..20usize).prop_map(Step::Runs),
        3 => (0..20usize, end).prop_map(|(n, state)| Step::Ends(n, state)),
        1 => (0..3usize).prop_map(Step::AgentLost),
        2 => (0..3usize).prop_map(Step::AgentBack),
        1 => Just(Step::Failover),
        1 => any::<bool>().prop_map(|committed| Step::DiesWithOffers { committed }),
        1 => Just(Step::Disconnect),
        3 => Just(Step::Connect),
        3 => (1..400u16).prop_map(Step::Pass),
    ]
}

fn take(world: &mut World, step: Step) {
    match step {
        Step::Put { app, instances, command } => {
            let fields = json!({
                "cmd": format!("run {command}"), "cpus": 0.5, "instances": instances,
                "upgradeStrategy": { "minimumHealthCapacity": 0.5, "maximumOverCapacity": 0.5 },
            });
            let _ = world.put(APPS[app], fields, command == 0);
        }
        Step::Delete(app) => {
            let _ = world.command(Command::Delete { app: id(APPS[app]), force: true });
        }
        Step::Restart(app) => {
            let _ = world.command(Command::Restart { app: id(APPS[app]), force: false });
        }
        Step::Kill { app, scale } => {
            let _ = world.kill(APPS[app], scale);
        }
        Step::CancelAny { force } => {
            let deployment = world.deployment.clone();
            let _ = world.command(Command::Cancel { deployment, force });
        }
        Step::Offers => drop(world.offers()),
        Step::Runs(n) => {
            let staging = world.tasks_where(|t| t.state == TaskState::Staging);
            if let Some(task) = staging.get(n % staging.len().max(1)) {
                world.task_is(task, TaskState::Running);
            }
        }
        Step::Ends(n, state) => {
            let all = world.tasks_where(|_| true);
            if let Some(task) = all.get(n % all.len().max(1)) {
                world.task_is(task, state);
            }
        }
        Step::AgentLost(agent) => drop(world.agent_lost(agent)),
        Step::AgentBack(agent) => drop(world.agent_back(agent)),
        Step::Failover => drop(world.failover()),
        Step::DiesWithOffers { committed } => {
            let input = Input::Offers(world.make_offers());
            match committed {
                true => world.dies_after_commit(input),
                false => world.dies_before_commit(input),
            };
        }
        Step::Disconnect => drop(world.disconnect()),
        Step::Connect => drop(world.connect()),
        Step::Pass(seconds) => drop(world.pass(f64::from(seconds))),
    }
}

/// What a new leader would load is what this one believes.
fn check_records(world: &World) {
    let records = world.records.iter().map(|(k, v)| (k.as_str(), v.as_bytes()));
    let mut loaded = crate::core::State::load(records).unwrap();
    let state = world.state();
    loaded.failures.clone_from(&state.failures);
    assert_eq!(loaded, state);
}

/// With all agents back and offers coming, everything gets where it should be.
fn calm_down(world: &mut World) {
    world.connect();
    (0..3).for_each(|agent| {
        world.agent_back(agent);
    });
    for _ in 0..30 {
        world.pass(310.0).offers().all_run();
    }
}

/// Failing cases are kept beside this file: proptest's own choice is no place in this workspace.
const REGRESSIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/core/tests/chaos.regressions");

fn config() -> ProptestConfig {
    let kept = FileFailurePersistence::Direct(REGRESSIONS);
    let failure_persistence = Some(Box::new(kept) as _);
    ProptestConfig { failure_persistence, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]
    #[test]
    fn whatever_happens_it_converges(steps in prop::collection::vec(step(), 1..60)) {
        let mut world = world(3);
        for step in steps {
            take(&mut world, step);
            check_records(&world);
        }
        calm_down(&mut world);
        check_records(&world);
        world.expect_deployed();
        for app in APPS {
            let wanted = world.state().apps.get(&id(app)).map_or(0, |a| a.instances as usize);
            prop_assert_eq!(world.running(app), wanted);
            prop_assert_eq!(world.live(app), wanted, "tasks of {} that nobody knows", app);
        }
    }
}
