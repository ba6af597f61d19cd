use super::world::{World, world};
use mesoform_mesos::TaskState;
use serde_json::json;

fn fail(world: &mut World) {
    let task = world.tasks_where(|_| true).remove(0);
    world.task_is(&task, TaskState::Failed);
}

#[test]
fn a_task_that_dies_is_started_again_after_a_second() {
    let mut world = world(1);
    world.app("/web", 1).offers().all_run();
    fail(&mut world);
    world.pass(0.9).offers().expect_launches(1);
    world.pass(0.2).offers().expect_launches(2);
}

#[test]
fn the_wait_grows_with_each_failure_up_to_the_longest() {
    let mut world = world(1);
    world
        .create(
            json!({ "id": "/web", "cmd": "run", "backoffFactor": 2, "maxLaunchDelaySeconds": 5 }),
        )
        .offers();
    for (failures, seconds) in [(1, 1.0), (2, 2.0), (3, 4.0), (4, 5.0), (5, 5.0)] {
        fail(&mut world);
        world.pass(seconds - 0.1).offers().expect_launches(failures);
        world.pass(0.2).offers().expect_launches(failures + 1);
    }
}

#[test]
fn a_task_that_held_out_starts_again_with_the_shortest_wait() {
    let mut world = world(1);
    world.app("/web", 1).offers();
    for launches in 2..6 {
        fail(&mut world);
        world.pass(2.0).offers().expect_launches(launches);
    }
    world.all_run().pass(310.0);
    fail(&mut world);
    world.pass(1.1).offers().expect_launches(6);
}

#[test]
fn a_new_configuration_does_not_wait() {
    let mut world = world(1);
    world.app("/web", 1).offers();
    fail(&mut world);
    world.put("/web", json!({ "cmd": "better" }), true).unwrap();
    world.offers().expect_launches(2);
}

#[test]
fn the_queue_says_how_long_it_waits() {
    let mut world = world(1);
    world.app("/web", 1).offers();
    fail(&mut world);
    assert_eq!(world.queued("/web"), 1);
    let app = super::world::id("/web");
    world.command(crate::core::Command::ResetDelay { app }).unwrap();
    world.offers().expect_launches(2);
}
