use super::{TERM, World, cpus, running};
use crate::core::{AgentRecord, Refusal, RegistryWrite};
use mesoform_mesos::agent_protocol::{Fence, OrderKind, Pong, QuorumId};
use mesoform_mesos::scheduler::Event;
use mesoform_mesos::{FrameworkId, TaskState};
use std::time::Duration;

#[test]
fn the_registry_knows_an_agent_before_it_is_told() {
    let mut world = World::new();
    world.writes_succeed = false;
    let link = world.subscribe_agent(None, "h1", cpus(1.0), Vec::new()).unwrap();
    assert!(world.orders(link).is_empty());
    let write = world.writes.remove(0);
    let effects = world.core.written(&write, world.now);
    world.apply(effects);
    assert!(matches!(&world.orders(link)[..], [OrderKind::Registered { .. }]));
}

#[test]
fn an_agent_that_left_while_it_was_admitted_leaves_no_record() {
    let mut world = World::new();
    world.writes_succeed = false;
    let link = world.subscribe_agent(None, "h1", cpus(1.0), Vec::new()).unwrap();
    world.lose(link);
    let write = world.writes.remove(0);
    let effects = world.core.written(&write, world.now);
    world.apply(effects);
    assert_eq!(world.writes, [RegistryWrite::Delete(write.agent_id().clone())]);
}

#[test]
fn a_silent_agent_is_lost_and_its_tasks_are_seen_again_when_it_returns() {
    let mut world = World::new();
    world.lively = false;
    let (web, id) = world.framework("web");
    let (h1, agent) = world.agent("h1", 4.0);
    world.settle();
    let offer = world.offers(web).remove(0);
    let tasks = world.accept(web, &offer, &[("t1", 1.0)]);
    world.report("h1", &agent, &id, &tasks[0].task_id, TaskState::Running);
    world.events(web);
    world.pass(Duration::from_millis(2900));
    assert!(world.statuses(web).is_empty());
    assert_eq!(world.orders(h1).iter().filter(|o| **o == OrderKind::Ping).count(), 2);
    world.pass(Duration::from_millis(200));
    assert!(world.closed.contains(&h1));
    let events = world.events(web);
    let lost = events.iter().find_map(|e| match e {
        Event::Update(update) => Some(update.status.state),
        _ => None,
    });
    assert_eq!(lost, Some(TaskState::Unreachable));
    assert!(events.iter().any(|e| matches!(e, Event::Failure(_))), "{events:?}");
    world.check();

    let reports = vec![running(&tasks[0], &id, TaskState::Running)];
    world.subscribe_agent(Some(&agent), "h1", cpus(4.0), reports).unwrap();
    let statuses = world.statuses(web);
    assert_eq!(statuses[0].state, TaskState::Running);
    assert_eq!(world.core.agents[&agent].used.scalar("cpus"), 1.0);
    world.check();
}

#[test]
fn pongs_keep_an_agent() {
    let mut world = World::new();
    world.lively = false;
    let (_, agent) = world.agent("h1", 4.0);
    for _ in 0..20 {
        world.pass(Duration::from_millis(2500));
        let pong = Pong { agent_id: agent.clone(), leadership: 5 };
        world.core.pong("h1", &pong, world.now).unwrap();
    }
    let stale = Pong { agent_id: agent.clone(), leadership: 4 };
    assert_eq!(world.core.pong("h1", &stale, world.now), Err(Refusal::UnknownAgent));
    let pong = Pong { agent_id: agent, leadership: 5 };
    assert!(matches!(world.core.pong("h2", &pong, world.now), Err(Refusal::OtherHost { .. })));
}

#[test]
fn an_agent_that_reconnects_in_time_keeps_its_tasks() {
    let mut world = World::new();
    let (web, id) = world.framework("web");
    let (h1, agent) = world.agent("h1", 4.0);
    world.settle();
    let offer = world.offers(web).remove(0);
    let tasks = world.accept(web, &offer, &[("t1", 1.0), ("never-arrived", 1.0)]);
    world.lose(h1);
    world.pass(Duration::from_secs(1));
    let reports = vec![running(&tasks[0], &id, TaskState::Running)];
    world.subscribe_agent(Some(&agent), "h1", cpus(4.0), reports).unwrap();
    let statuses = world.statuses(web);
    let [status] = statuses.as_slice() else { panic!("{statuses:?}") };
    assert_eq!((status.task_id.as_str(), status.state), ("never-arrived", TaskState::Dropped));
    world.pass(Duration::from_secs(2));
    assert!(world.core.agents.contains_key(&agent));
    world.check();
}

#[test]
fn after_a_change_of_masters_the_missing_are_lost() {
    let record = |id: &str, host: &str| AgentRecord::new(id.into(), host);
    let mut world = World::after(vec![record("A-S0", "h1"), record("A-S1", "h2")]);
    let (web, _) = world.framework("web");
    world.subscribe_agent(Some(&"A-S0".into()), "h1", cpus(1.0), Vec::new()).unwrap();
    world.writes_succeed = false;
    world.pass(Duration::from_millis(9900));
    assert!(!world.events(web).iter().any(|e| matches!(e, Event::Failure(_))));
    world.pass(Duration::from_millis(200));
    let lost = world.writes.iter().find(|w| w.agent_id().as_str() == "A-S1").unwrap();
    let RegistryWrite::Put(record) = lost.clone() else { panic!("{lost:?}") };
    assert!(record.unreachable_since.is_some());
    let effects = world.core.written(&RegistryWrite::Put(record), world.now);
    world.apply(effects);
    let events = world.events(web);
    assert!(
        events.iter().any(|e| matches!(e, Event::Failure(f) if f.agent_id == Some("A-S1".into())))
    );
}

#[test]
fn tasks_bring_their_framework_back_after_a_change_of_masters() {
    let mut world = World::after(vec![AgentRecord::new("A-S0".into(), "h1")]);
    let mut first = World::new();
    let (_, id) = first.framework("web");
    let task = mesoform_mesos::TaskInfo::command(
        "t1",
        "A-S0".into(),
        mesoform_mesos::CommandInfo::shell("x"),
        cpus(1.0),
    );
    let reports = vec![running(&task, &id, TaskState::Running)];
    world.subscribe_agent(Some(&"A-S0".into()), "h1", cpus(4.0), reports).unwrap();
    assert!(world.core.frameworks[&id].recovered);
    world.check();
    let info = first.core.frameworks[&id].info.clone();
    let web = world.subscribe_framework(info);
    world.settle();
    assert_eq!(world.offers(web).len(), 1);
    assert!(!world.core.frameworks[&id].recovered);
    world.check();
}

#[test]
fn tasks_that_a_framework_left_behind_end_when_it_is_torn_down() {
    let mut world = World::new();
    let id = FrameworkId::new("gone-0000");
    let command = mesoform_mesos::CommandInfo::shell("x");
    let task = mesoform_mesos::TaskInfo::command("t1", "A".into(), command, cpus(1.0));
    let reports = vec![running(&task, &id, TaskState::Running)];
    let h1 = world.subscribe_agent(Some(&"A".into()), "h1", cpus(4.0), reports).unwrap();
    let summary = world.core.framework_summaries().remove(0);
    assert!(summary.recovered && !summary.connected && summary.tasks == 1);
    world.orders(h1);
    let none = world.core.tear_down(&"nobody".into(), world.now);
    assert_eq!(none, Err(Refusal::UnknownFramework));
    let effects = world.core.tear_down(&id, world.now).unwrap();
    world.apply(effects);
    assert_eq!(world.orders(h1), [OrderKind::ShutdownFramework { framework_id: id }]);
    assert!(world.core.framework_summaries().is_empty());
    assert_eq!(world.core.agents[&"A".into()].used.scalar("cpus"), 0.0);
    world.check();
}

#[test]
fn a_host_has_one_agent() {
    let mut world = World::new();
    let (web, id) = world.framework("web");
    let (h1, agent) = world.agent("h1", 4.0);
    world.settle();
    let offer = world.offers(web).remove(0);
    world.accept(web, &offer, &[("t1", 1.0)]);
    let second = world.subscribe_agent(None, "h1", cpus(4.0), Vec::new());
    assert!(matches!(second, Err(Refusal::HostTaken { .. })));
    world.lose(h1);
    world.events(web);
    world.subscribe_agent(None, "h1", cpus(4.0), Vec::new()).unwrap();
    assert_eq!(world.statuses(web)[0].state, TaskState::Gone);
    assert!(!world.core.agents.contains_key(&agent));
    assert!(world.core.frameworks[&id].tasks.is_empty());
    let thief = world.subscribe_agent(Some(&"M-S1".into()), "h9", cpus(4.0), Vec::new());
    assert!(matches!(thief, Err(Refusal::OtherHost { .. })), "{thief:?}");
    let odd = world.subscribe_agent(Some(&"../x".into()), "h9", cpus(4.0), Vec::new());
    assert_eq!(odd, Err(Refusal::BadAgentId));
    world.check();
}

#[test]
fn an_agent_that_obeys_other_masters_is_told_and_shown_until_it_accepts() {
    for (seen, words) in [
        (Fence::new(QuorumId(6), 3), "masters of quorum 6, revision 3"),
        (Fence::new(QuorumId(7), 6), "the quorum was set back"),
    ] {
        let mut world = World::new();
        world.seen = Some(seen);
        let refused = world.subscribe_agent(Some(&"A".into()), "h1", cpus(1.0), Vec::new());
        assert_eq!(refused, Err(Refusal::Fenced { seen, leadership: TERM }));
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains(words) && refused.contains("--accept-quorum"), "{refused}");
        let shown = world.core.fenced_summaries();
        assert_eq!((shown.len(), shown[0].hostname.as_str()), (1, "h1"));
        assert!(world.core.agent_summaries().is_empty());
        world.pass(Duration::from_secs(61));
        assert!(world.core.fenced_summaries().is_empty(), "it does not come any more");

        world.subscribe_agent(Some(&"A".into()), "h1", cpus(1.0), Vec::new()).unwrap_err();
        world.seen = Some(Fence { revision: 0, ..TERM });
        world.subscribe_agent(Some(&"A".into()), "h1", cpus(1.0), Vec::new()).unwrap();
        assert!(world.core.fenced_summaries().is_empty());
        world.check();
    }
}
