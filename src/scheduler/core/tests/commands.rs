use super::world::{id, update, world};
use crate::core::{Answer, Change, Command, Refusal};
use serde_json::json;

#[test]
fn an_app_exists_only_once() {
    let mut world = world(1);
    world.app("/web", 1);
    let change = Box::new(Change { app: id("/web"), update: update(&json!({ "cmd": "x" })) });
    let refusal = world.command(Command::Create { change, force: true }).unwrap_err();
    assert_eq!(refusal.to_string(), "An app with id [/web] already exists.");
}

#[test]
fn an_app_cannot_lie_within_an_app() {
    let mut world = world(1);
    world.app("/shop/web", 1);
    for path in ["/shop", "/shop/web/a/b"] {
        let refusal = world.put(path, json!({ "cmd": "x" }), true).unwrap_err();
        assert!(matches!(refusal, Refusal::Invalid(_)), "{path}");
    }
    world.app("/shop/web2", 1);
}

#[test]
fn deleting_kills_all_and_forgets_the_history() {
    let mut world = world(2);
    world.app("/web", 3).offers().all_run().delete("/web").expect_deployed();
    assert_eq!(world.live("/web"), 0);
    let left: Vec<&String> = world.records.keys().collect();
    assert_eq!(left, ["/mesoform/scheduler/framework"]);
}

#[test]
fn a_deleted_app_is_locked_until_its_instances_are_gone() {
    let mut world = world(1);
    world.app("/web", 1).offers().all_run();
    world.agents[0].reachable = false;
    world.delete("/web");
    let refusal = world.put("/web", json!({ "cmd": "x" }), false).unwrap_err();
    assert!(matches!(refusal, Refusal::Locked(_)));
}

#[test]
fn unknown_apps_are_named() {
    let refusal = world(1).kill("/nope", false).unwrap_err();
    assert_eq!(refusal.to_string(), "App '/nope' does not exist");
}

#[test]
fn killed_tasks_are_replaced() {
    let mut world = world(1);
    world.app("/web", 2).offers().all_run();
    let Ok(Answer::Killing(killed)) = world.kill("/web", false) else { panic!() };
    assert_eq!(killed.len(), 2);
    world.offers().all_run().expect_running("/web", 2).expect_launches(4);
}

#[test]
fn killing_with_scale_takes_the_places_away() {
    let mut world = world(2);
    world.app("/web", 2).offers().all_run();
    world.kill("/web", true).unwrap();
    world.expect_deployed().offers().expect_launches(2);
    assert_eq!(world.state().apps[&id("/web")].instances, 0);
}

#[test]
fn a_change_that_changes_nothing_makes_no_deployment() {
    let mut world = world(1);
    world.app("/web", 1).offers().all_run();
    let before = world.records.clone();
    world.put("/web", json!({ "cmd": "run", "instances": 1 }), false).unwrap();
    assert_eq!(world.records, before);
}

#[test]
fn older_versions_come_back() {
    let mut world = world(2);
    world.app("/web", 1).offers().all_run();
    let first = world.state().apps[&id("/web")].version;
    world.put("/web", json!({ "cmd": "b" }), false).unwrap();
    world.offers().all_run();
    world.put("/web", json!({ "version": first }), false).unwrap();
    let app = world.state().apps[&id("/web")].clone();
    assert_eq!(app.cmd.as_deref(), Some("run"));
    assert!(app.version > first);
    assert_eq!(world.state().versions[&id("/web")].len(), 3);
}

#[test]
fn service_ports_are_unique_and_stay() {
    let mut world = world(1);
    world.app("/a", 1).app("/b", 1);
    let port = |world: &super::world::World, app: &str| {
        world.state().apps[&id(app)].port_definitions[0].port
    };
    assert_eq!((port(&world, "/a"), port(&world, "/b")), (10000, 10001));
    world.put("/b", json!({ "ports": [0, 0] }), true).unwrap();
    assert_eq!(port(&world, "/b"), 10001);
}

#[test]
fn many_apps_change_together_or_not_at_all() {
    let mut world = world(1);
    let change = |app: &str, value| Change { app: id(app), update: update(&value) };
    let changes = vec![change("/a", json!({ "cmd": "x" })), change("/b", json!({}))];
    let command = Command::Update { changes, partial: true, may_create: true, force: false };
    assert!(matches!(world.command(command), Err(Refusal::Invalid(_))));
    assert!(world.state().apps.is_empty() && world.records.len() == 1);
}
