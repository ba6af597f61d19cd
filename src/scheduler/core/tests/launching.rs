use super::world::{id, world};
use crate::core::{Change, Command, Input};
use crate::model::AppUpdate;
use mesoform_mesos::TaskState;
use serde_json::json;

#[test]
fn an_app_is_launched_when_offers_come() {
    world(3)
        .app("/web", 3)
        .expect_deploying()
        .expect_launches(0)
        .offers()
        .expect_launches(3)
        .all_run()
        .expect_running("/web", 3)
        .expect_deployed();
}

#[test]
fn instances_are_spread_over_hosts() {
    let mut world = world(3);
    world.app("/web", 3).offers();
    assert_eq!(world.hosts("/web"), ["h1", "h2", "h3"]);
}

#[test]
fn several_instances_fit_one_offer() {
    world(1).app("/web", 4).offers().expect_launches(4);
}

#[test]
fn what_does_not_fit_waits() {
    let mut world = world(1);
    world.app("/web", 6).offers().expect_launches(4);
    assert_eq!(world.queued("/web"), 2);
}

#[test]
fn nothing_wanted_asks_for_no_offers_and_a_new_app_for_some() {
    let mut world = world(1);
    assert_eq!(world.calls, ["SUPPRESS"]);
    world.app("/web", 1);
    assert_eq!(world.calls, ["SUPPRESS", "REVIVE"]);
    world.offers();
    assert_eq!(world.calls, ["SUPPRESS", "REVIVE", "SUPPRESS"]);
}

#[test]
fn offers_that_nobody_wants_are_declined() {
    let mut world = world(2);
    let offers = world.make_offers();
    world.give(Input::Offers(offers));
    assert_eq!(world.calls, ["SUPPRESS", "DECLINE"]);
}

#[test]
fn a_new_leader_goes_on_where_the_old_one_was() {
    world(2)
        .app("/web", 2)
        .offers()
        .all_run()
        .failover()
        .expect_running("/web", 2)
        .offers()
        .expect_launches(2);
}

#[test]
fn a_launch_that_was_recorded_but_never_sent_is_replaced() {
    let mut world = world(2);
    world.app("/web", 2);
    let offers = world.make_offers();
    world.dies_after_commit(Input::Offers(offers)).expect_launches(0);
    assert_eq!(world.queued("/web"), 2, "the master knows nothing of them");
    world.offers().all_run().expect_launches(2).expect_running("/web", 2).expect_deployed();
}

#[test]
fn a_change_that_was_not_committed_never_happened() {
    let mut world = world(2);
    let update = AppUpdate::read(&json!({ "cmd": "run" })).unwrap();
    let command =
        Command::Create { change: Box::new(Change { app: id("/web"), update }), force: false };
    world.dies_before_commit(Input::Command { id: 9, command }).offers().expect_launches(0);
    assert!(world.state().apps.is_empty());
}

#[test]
fn every_status_is_acknowledged() {
    let mut world = world(1);
    world.app("/web", 1).offers().all_run();
    assert_eq!(world.acknowledged, 1);
    let task = world.tasks_where(|_| true).remove(0);
    world.task_is(&task, TaskState::Failed);
    assert_eq!(world.acknowledged, 2);
}

#[test]
fn task_ids_are_those_of_marathon() {
    let mut world = world(1);
    world.create(json!({ "id": "/shop/web", "cmd": "run" })).offers();
    let task = world.tasks_where(|_| true).remove(0);
    assert!(task.starts_with("shop_web.instance-") && task.ends_with("._app.1"), "{task}");
}
