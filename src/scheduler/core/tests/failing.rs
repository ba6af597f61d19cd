use super::world::world;
use crate::core::Input;
use mesoform_mesos::TaskState;

#[test]
fn tasks_of_a_lost_agent_start_elsewhere_and_are_killed_when_they_come_back() {
    let mut world = world(2);
    world.app("/web", 2).offers().all_run().expect_running("/web", 2);
    world.agent_lost(0).expect_running("/web", 1).offers().all_run().expect_running("/web", 2);
    assert_eq!(world.hosts("/web"), ["h2", "h2"]);
    assert_eq!(world.live("/web"), 3, "one of them cannot be reached");
    world.agent_back(0).expect_running("/web", 2);
    assert_eq!(world.live("/web"), 2, "the one that came back was killed");
}

/// A master that leads only since the agent was away knows nothing of the agent's tasks.
#[test]
fn tasks_of_an_agent_that_the_master_gives_up_are_asked_for_at_once() {
    let mut world = world(2);
    world.app("/web", 2).offers().all_run();
    world.agents[0].reachable = false;
    world.give(Input::AgentLost("A0".to_owned())).expect_running("/web", 1);
    world.offers().all_run().expect_running("/web", 2);
    assert_eq!(world.hosts("/web"), ["h2", "h2"]);
    let asked = world.calls.len();
    world.give(Input::AgentLost("of nobody".to_owned()));
    assert_eq!(world.calls.len(), asked);
}

#[test]
fn a_kill_is_sent_until_the_task_is_gone() {
    let mut world = world(1);
    world.app("/web", 1).offers().all_run();
    world.agents[0].reachable = false;
    world.delete("/web");
    let kills =
        |world: &super::world::World| world.calls.iter().filter(|call| **call == "KILL").count();
    assert_eq!(kills(&world), 1);
    world.pass(9.0);
    assert_eq!(kills(&world), 1);
    world.pass(2.0);
    assert!(kills(&world) >= 2 || world.state().instances.is_empty());
}

#[test]
fn a_task_that_runs_after_its_kill_is_killed_again() {
    let mut world = world(1);
    world.app("/web", 1).offers();
    world.agents[0].reachable = false;
    world.delete("/web");
    world.agents[0].reachable = true;
    world.all_run();
    assert_eq!(world.live("/web"), 0);
    world.expect_deployed();
}

#[test]
fn a_new_leader_kills_what_the_old_one_wanted_killed() {
    let mut world = world(1);
    world.app("/web", 3).offers().all_run();
    world.disconnect().scale("/web", 1);
    assert_eq!(world.live("/web"), 3);
    world.failover();
    assert_eq!(world.live("/web"), 1);
    world.expect_running("/web", 1).expect_deployed();
}

#[test]
fn what_happened_while_disconnected_comes_out_by_reconciliation() {
    let mut world = world(1);
    world.app("/web", 2).offers().all_run().disconnect();
    let gone = world.tasks_where(|_| true).remove(0);
    world.tasks.remove(&gone);
    world.connect().expect_running("/web", 1).offers().all_run().expect_running("/web", 2);
}

#[test]
fn a_framework_that_the_masters_ended_starts_anew() {
    let mut world = world(1);
    world.app("/web", 2).offers().all_run();
    world.tasks.clear();
    world.give(Input::FrameworkGone);
    assert_eq!(world.state().framework_id, None);
    world.connect().offers().all_run().expect_running("/web", 2);
}

/// As after a restore: what was launched since the backup was made is in no record.
#[test]
fn what_runs_and_is_in_no_record_is_killed() {
    let mut world = world(2);
    world.app("/web", 1).offers().all_run();
    let backup = world.records.clone();
    world.app("/later", 2).offers().all_run();
    assert_eq!(world.live("/later"), 2);
    world.records = backup;
    world.failover();
    assert_eq!(world.live("/later"), 0);
    assert_eq!(world.live("/web"), 1, "what is known runs on");
    world.expect_running("/web", 1).expect_launches(3);
}

#[test]
fn it_is_killed_too_where_its_agent_comes_back_later() {
    let mut world = world(1);
    let backup = world.records.clone();
    world.app("/later", 1).offers().all_run();
    world.records = backup;
    world.agents[0].reachable = false;
    world.failover();
    assert_eq!(world.live("/later"), 1);
    world.agents[0].reachable = true;
    world.pass(16.0);
    assert_eq!(world.live("/later"), 0);
}

/// The master is asked often at first, and then as often as for what is known.
#[test]
fn the_master_is_not_asked_for_all_tasks_all_the_time() {
    let mut world = world(1);
    world.pass(3600.0);
    assert!((12..=18).contains(&world.lists), "{}", world.lists);
}

#[test]
fn an_invalid_offer_is_not_the_apps_fault() {
    let mut world = world(1);
    world.app("/web", 1).offers();
    let task = world.tasks_where(|_| true).remove(0);
    world.tasks.clear();
    world.give(Input::Update(crate::core::Update {
        task_id: task,
        agent_id: None,
        state: TaskState::Dropped,
        uuid: None,
        message: String::new(),
        reason: Some("REASON_INVALID_OFFERS".to_owned()),
    }));
    world.offers().expect_launches(2);
}
