use super::world::world;
use crate::core::{Command, Refusal};
use serde_json::json;

#[test]
fn a_restart_keeps_all_instances_up() {
    let mut world = world(4);
    world.app("/web", 3).offers().all_run();
    world.put("/web", json!({ "cmd": "better" }), false).unwrap();
    world.offers();
    assert_eq!(world.live("/web"), 6, "three more may live meanwhile");
    world.expect_running("/web", 3).all_run().offers().all_run();
    assert_eq!(world.live("/web"), 3);
    world.expect_running("/web", 3).expect_deployed().expect_launches(6);
}

#[test]
fn without_room_old_instances_go_first() {
    let strategy = json!({ "minimumHealthCapacity": 0.5, "maximumOverCapacity": 0 });
    let mut world = world(1);
    world
        .create(json!({ "id": "/web", "cmd": "a", "instances": 4, "upgradeStrategy": strategy }))
        .offers()
        .all_run();
    world.put("/web", json!({ "cmd": "b" }), false).unwrap();
    assert_eq!(world.live("/web"), 2);
    for _ in 0..3 {
        world.offers();
        assert!(world.live("/web") <= 4);
        world.all_run();
        assert!(world.running("/web") >= 2);
    }
    world.expect_running("/web", 4).expect_deployed().expect_launches(8);
}

#[test]
fn with_no_room_at_all_one_more_may_live() {
    let strategy = json!({ "minimumHealthCapacity": 1, "maximumOverCapacity": 0 });
    let mut world = world(1);
    world
        .create(json!({ "id": "/web", "cmd": "a", "instances": 2, "upgradeStrategy": strategy }))
        .offers()
        .all_run();
    world.put("/web", json!({ "cmd": "b" }), false).unwrap();
    for _ in 0..3 {
        world.offers();
        assert!(world.live("/web") <= 3);
        world.all_run();
    }
    world.expect_running("/web", 2).expect_deployed();
}

#[test]
fn scaling_touches_no_instance_that_stays() {
    let mut world = world(2);
    world.app("/web", 2).offers().all_run();
    world.scale("/web", 4).offers().all_run().expect_running("/web", 4).expect_launches(4);
    world.scale("/web", 1).expect_running("/web", 1).expect_deployed();
    assert_eq!(world.live("/web"), 1);
}

#[test]
fn the_youngest_are_killed_first() {
    let mut world = world(2);
    world.app("/web", 1).offers().all_run();
    let first = world.tasks_where(|_| true);
    world.scale("/web", 3).offers().all_run().scale("/web", 1);
    assert_eq!(world.tasks_where(|_| true), first);
}

#[test]
fn a_locked_app_changes_only_by_force() {
    let mut world = world(1);
    world.app("/web", 1);
    let refusal = world.put("/web", json!({ "instances": 2 }), false).unwrap_err();
    assert_eq!(refusal, Refusal::Locked(vec![world.deployment.clone()]));
    world.put("/web", json!({ "instances": 2 }), true).unwrap();
    world.expect_deploying().offers().all_run().expect_running("/web", 2).expect_deployed();
}

#[test]
fn a_cancelled_restart_goes_back_to_the_instances_that_are_left() {
    let mut world = world(2);
    world.app("/web", 3).offers().all_run();
    let before = world.tasks_where(|_| true);
    world.put("/web", json!({ "cmd": "worse" }), false).unwrap();
    world.offers();
    let deployment = world.deployment.clone();
    world.command(Command::Cancel { deployment, force: false }).unwrap();
    world.expect_running("/web", 3).expect_deployed();
    assert_eq!(world.tasks_where(|_| true), before);
    assert_eq!(world.state().apps[&super::world::id("/web")].cmd.as_deref(), Some("run"));
}

#[test]
fn a_restart_replaces_every_instance() {
    let mut world = world(2);
    world.app("/web", 2).offers().all_run();
    let app = super::world::id("/web");
    world.command(Command::Restart { app, force: false }).unwrap();
    world.offers().all_run().expect_running("/web", 2).expect_launches(4).expect_deployed();
}
