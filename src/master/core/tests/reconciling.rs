use super::World;
use crate::core::AgentRecord;
use mesoform_mesos::TaskState;
use mesoform_mesos::scheduler::{CallBody, Reconcile, ReconcileTask};

#[test]
fn reconciliation_tells_what_is_known() {
    let mut world = World::after(vec![AgentRecord::new("A-S9".into(), "h9")]);
    let (web, id) = world.framework("web");
    let (_, agent) = world.agent("h1", 4.0);
    world.settle();
    let offer = world.offers(web).remove(0);
    let tasks = world.accept(web, &offer, &[("t1", 1.0)]);
    world.report("h1", &agent, &id, &tasks[0].task_id, TaskState::Running);
    world.events(web);

    world.call(web, &id, CallBody::Reconcile(Reconcile::default()));
    let statuses = world.statuses(web);
    let [status] = statuses.as_slice() else { panic!("{statuses:?}") };
    assert_eq!((status.task_id.as_str(), status.state), ("t1", TaskState::Running));
    assert_eq!(status.uuid, None);

    let ask = |task: &str, agent: Option<&str>| ReconcileTask {
        task_id: task.into(),
        agent_id: agent.map(Into::into),
    };
    let tasks = vec![
        ask("t1", None),
        ask("unknown", Some(agent.as_str())),
        ask("elsewhere", Some("nowhere")),
        ask("may come back", Some("A-S9")),
        ask("may come back too", None),
    ];
    world.call(web, &id, CallBody::Reconcile(Reconcile { tasks }));
    let states: Vec<_> = world.statuses(web).iter().map(|s| s.state).collect();
    assert_eq!(states, [TaskState::Running, TaskState::Gone, TaskState::Unknown]);
}
