use super::World;
use mesoform_mesos::agent_protocol::OrderKind;
use mesoform_mesos::scheduler::{Acknowledge, CallBody, Kill};
use mesoform_mesos::{TaskId, TaskState};
use std::time::Duration;

#[test]
fn a_task_from_launch_to_the_end() {
    let mut world = World::new();
    let (web, framework_id) = world.framework("web");
    let (h1, agent_id) = world.agent("h1", 4.0);
    world.settle();
    let offer = world.offers(web).remove(0);
    world.accept(web, &offer, &[("t1", 1.0), ("t2", 5.0)]);
    let statuses = world.statuses(web);
    assert_eq!(statuses.len(), 1);
    assert_eq!((statuses[0].task_id.as_str(), statuses[0].state), ("t2", TaskState::Error));
    let orders = world.orders(h1);
    let [OrderKind::Launch { framework, tasks }] = orders.as_slice() else { panic!("{orders:?}") };
    assert_eq!(framework.id.as_ref(), Some(&framework_id));
    assert_eq!(tasks.len(), 1);

    let task_id = TaskId::new("t1");
    let uuid = world.report("h1", &agent_id, &framework_id, &task_id, TaskState::Running);
    assert_eq!(world.statuses(web)[0].uuid.as_ref(), Some(&uuid));
    let acknowledge =
        Acknowledge { agent_id: agent_id.clone(), task_id: task_id.clone(), uuid: uuid.clone() };
    world.call(web, &framework_id, CallBody::Acknowledge(acknowledge));
    assert!(
        matches!(&world.orders(h1)[..], [OrderKind::Acknowledge { uuid: u, .. }] if *u == uuid)
    );

    let kill = Kill { task_id: task_id.clone(), agent_id: None, kill_policy: None };
    world.call(web, &framework_id, CallBody::Kill(kill));
    assert!(matches!(&world.orders(h1)[..], [OrderKind::Kill { grace_ms: None, .. }]));
    let uuid = world.report("h1", &agent_id, &framework_id, &task_id, TaskState::Killed);
    world.settle();
    world.check();
    assert_eq!(
        world.core.agents[&agent_id].used.to_string(),
        "",
        "free before the acknowledgement"
    );
    let acknowledge = Acknowledge { agent_id, task_id, uuid };
    world.call(web, &framework_id, CallBody::Acknowledge(acknowledge));
    assert!(world.core.frameworks[&framework_id].tasks.is_empty());
    assert_eq!(world.core.frameworks[&framework_id].completed_tasks.len(), 1);
    world.check();
}

#[test]
fn invalid_tasks_are_answered_with_errors() {
    let mut world = World::new();
    let (web, _) = world.framework("web");
    world.agent("h1", 8.0);
    world.settle();
    let offer = world.offers(web).remove(0);
    world.accept(web, &offer, &[("a", 1.0), ("a", 1.0), ("", 1.0), ("../x", 1.0), ("b", 0.0)]);
    let statuses = world.statuses(web);
    assert!(statuses.iter().all(|s| s.state == TaskState::Error), "{statuses:?}");
    let words: Vec<_> = statuses.iter().map(|s| s.message.clone().unwrap()).collect();
    assert_eq!(
        words,
        [
            "Task has duplicate ID: a",
            "Task ID is invalid: it is empty",
            "Task ID is invalid: it contains invalid characters",
            "Task uses no resources",
        ]
    );
    world.check();
}

#[test]
fn a_framework_that_comes_back_gets_what_it_did_not_acknowledge() {
    let mut world = World::new();
    let (web, id) = world.framework("web");
    let (_, agent) = world.agent("h1", 4.0);
    world.settle();
    let offer = world.offers(web).remove(0);
    let tasks = world.accept(web, &offer, &[("t1", 1.0)]);
    world.lose(web);
    let uuid = world.report("h1", &agent, &id, &tasks[0].task_id, TaskState::Running);
    let mut info = world.core.frameworks[&id].info.clone();
    info.name = "web again".into();
    let web = world.subscribe_framework(info);
    let statuses = world.statuses(web);
    assert_eq!(statuses[0].uuid.as_ref(), Some(&uuid));
    world.pass(Duration::from_secs(120));
    assert!(world.core.frameworks.contains_key(&id), "it came back in time");
}

#[test]
fn updates_of_nobodys_tasks_are_acknowledged_by_the_master() {
    let mut world = World::new();
    let (h1, agent) = world.agent("h1", 4.0);
    world.orders(h1);
    world.report("h1", &agent, &"gone".into(), &"t".into(), TaskState::Failed);
    assert!(matches!(&world.orders(h1)[..], [OrderKind::Acknowledge { .. }]));
}
