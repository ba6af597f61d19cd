use super::World;
use crate::core::Refusal;
use mesoform_mesos::agent_protocol::OrderKind;
use mesoform_mesos::scheduler::{CallBody, Event};
use mesoform_mesos::{FrameworkInfo, TaskState};
use std::time::Duration;

#[test]
fn a_superseded_scheduler_is_told_and_cut_off() {
    let mut world = World::new();
    let (old, id) = world.framework("web");
    world.agent("h1", 4.0);
    world.settle();
    assert_eq!(world.offers(old).len(), 1);
    let info = world.core.frameworks[&id].info.clone();
    let new = world.subscribe_framework(info);
    assert_eq!(world.events(old), [Event::error("Framework failed over")]);
    assert!(world.closed.contains(&old));
    world.lose(old);
    world.settle();
    let events = world.events(new);
    assert!(matches!(&events[..], [Event::Subscribed(_), Event::Heartbeat, Event::Offers(_)]));
    let call = world.core.call(Some(id.clone()), Some(old), CallBody::Teardown, world.now);
    assert_eq!(call, Err(Refusal::OtherStream(id)));
    world.check();
}

#[test]
fn a_framework_that_stays_away_is_removed_with_its_tasks() {
    let mut world = World::new();
    let (web, id) = world.framework("web");
    let (h1, agent) = world.agent("h1", 4.0);
    world.settle();
    let offer = world.offers(web).remove(0);
    let tasks = world.accept(web, &offer, &[("t1", 1.0)]);
    world.lose(web);
    let call = world.core.call(Some(id.clone()), Some(web), CallBody::Teardown, world.now);
    assert_eq!(call, Err(Refusal::NotSubscribed));
    world.pass(Duration::from_secs(59));
    world.report("h1", &agent, &id, &tasks[0].task_id, TaskState::Running);
    assert!(world.core.frameworks.contains_key(&id));
    world.orders(h1);
    world.pass(Duration::from_secs(2));
    assert!(!world.core.frameworks.contains_key(&id));
    let orders = world.orders(h1);
    assert!(orders.contains(&OrderKind::ShutdownFramework { framework_id: id.clone() }));
    let mut info = FrameworkInfo::new("web", "root");
    info.id = Some(id);
    let link = world.subscribe_framework(info);
    assert_eq!(world.events(link), [Event::error("Framework has been removed")]);
    assert!(world.closed.contains(&link));
    world.check();
}

#[test]
fn heartbeats_come_at_once_and_every_15_seconds() {
    let mut world = World::new();
    let (web, _) = world.framework("web");
    world.pass(Duration::from_secs(46));
    assert_eq!(world.events(web), vec![Event::Heartbeat; 3]);
}

#[test]
fn calls_are_refused_in_mesos_words() {
    let mut world = World::new();
    let (web, id) = world.framework("web");
    let now = world.now;
    let mut refusal =
        |id, stream| world.core.call(id, stream, CallBody::Teardown, now).unwrap_err().to_string();
    assert!(refusal(None, Some(web)).contains("Expecting 'framework_id' to be present"));
    assert_eq!(refusal(Some("x".into()), Some(web)), "Framework cannot be found");
    assert!(refusal(Some(id), None).contains("should include the 'Mesos-Stream-Id' header"));
}

#[test]
fn what_is_wrong_with_a_framework_it_hears_as_an_error() {
    let mut world = World::new();
    for (role, timeout) in [("a b", 0.0), ("", 0.0), ("..", 0.0), ("a//b", 0.0), ("*", -1.0)] {
        let mut info = FrameworkInfo::new("web", "root");
        info.role = Some(role.into());
        info.failover_timeout = Some(timeout);
        let link = world.subscribe_framework(info);
        let events = world.events(link);
        assert!(matches!(&events[..], [Event::Error(_)]), "{role} {timeout}: {events:?}");
        assert!(world.closed.contains(&link));
    }
}
