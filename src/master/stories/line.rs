use super::{FakeAgent, MemoryQuorum, Pki, TestMaster};
use mesoform_mesos::agent_protocol::OrderKind;
use mesoform_mesos::client::Subscription;
use mesoform_mesos::scheduler::{Accept, Acknowledge, CallBody, Event, Kill};
use mesoform_mesos::{
    ClientEvent, CommandInfo, FrameworkInfo, Operation, Resource, TaskId, TaskInfo, TaskState,
    TaskStatus,
};
use std::time::Duration;

/// The next event that is no heartbeat.
pub async fn event(subscription: &mut Subscription) -> Event {
    loop {
        let next = tokio::time::timeout(Duration::from_secs(90), subscription.next());
        match next.await.expect("an event") {
            Some(ClientEvent::Event(Event::Heartbeat)) => {}
            Some(ClientEvent::Event(event)) => return event,
            other => panic!("{other:?}"),
        }
    }
}

async fn status(subscription: &mut Subscription) -> TaskStatus {
    let event = event(subscription).await;
    let Event::Update(update) = event else { panic!("{event:?}") };
    update.status
}

async fn acknowledge(subscription: &Subscription, status: TaskStatus) {
    let (Some(agent_id), Some(uuid)) = (status.agent_id, status.uuid) else { panic!() };
    let call = CallBody::Acknowledge(Acknowledge { agent_id, task_id: status.task_id, uuid });
    subscription.caller().call(call).await.unwrap();
}

#[tokio::test]
async fn a_task_goes_from_offer_to_its_end() {
    let (quorum, pki) = (MemoryQuorum::new(), Pki::new());
    let master = TestMaster::start("m1", &quorum, &pki).await;
    master.leads().await;
    let mut agent = FakeAgent::subscribe(&master, &pki, "h1").await;
    assert_eq!(quorum.records()[0].hostname, "h1");

    let mut web = master.client().subscribe(FrameworkInfo::new("web", "root")).await.unwrap();
    let Event::Subscribed(subscribed) = event(&mut web).await else { panic!() };
    assert_eq!(subscribed.heartbeat_interval_seconds, Some(15.0));
    let framework_id = subscribed.framework_id;
    let Event::Offers(mut offers) = event(&mut web).await else { panic!() };
    let offer = offers.offers.remove(0);
    assert_eq!((offer.hostname.as_str(), &offer.agent_id), ("h1", &agent.id));

    let task_id = TaskId::new("web.1");
    let wanted = vec![Resource::scalar("cpus", 1.0), Resource::ranges("ports", [(31000, 31000)])];
    let command = CommandInfo::shell("sleep 1000");
    let task = TaskInfo::command(task_id.as_str(), agent.id.clone(), command, wanted);
    let operations = vec![Operation::launch(vec![task.clone()])];
    let accept = Accept { offer_ids: vec![offer.id], operations, filters: None };
    web.caller().call(CallBody::Accept(accept)).await.unwrap();
    let Some(OrderKind::Launch { framework, tasks }) = agent.order().await else { panic!() };
    assert_eq!((framework.id.as_ref(), &tasks), (Some(&framework_id), &vec![task]));
    assert_eq!(agent.leadership, 1);

    let (uuid, code) = agent.report(&framework_id, &task_id, TaskState::Running).await;
    assert_eq!(code, 202);
    let running = status(&mut web).await;
    assert_eq!((running.state, running.uuid.as_ref()), (TaskState::Running, Some(&uuid)));
    acknowledge(&web, running).await;
    let Some(OrderKind::Acknowledge { uuid: acked, .. }) = agent.order().await else { panic!() };
    assert_eq!(acked, uuid);
    let state = master.get("/master/state.json").await;
    assert_eq!(state["frameworks"][0]["tasks"][0]["state"], "TASK_RUNNING");
    assert_eq!(state["slaves"][0]["used_resources"]["ports"], "[31000-31000]");

    let kill = Kill { task_id: task_id.clone(), agent_id: None, kill_policy: None };
    web.caller().call(CallBody::Kill(kill)).await.unwrap();
    let Some(OrderKind::Kill { .. }) = agent.order().await else { panic!() };
    agent.report(&framework_id, &task_id, TaskState::Killed).await;
    let killed = status(&mut web).await;
    assert_eq!(killed.state, TaskState::Killed);
    acknowledge(&web, killed).await;
    let Some(OrderKind::Acknowledge { .. }) = agent.order().await else { panic!() };
    let status = master.get("/mesoform/status").await;
    assert_eq!(status["leading"], true);
    assert_eq!(status["agents"][0]["tasks"], 0);
    assert_eq!(status["agents"][0]["registered"], true);
    let metrics = master.get("/metrics/snapshot").await;
    assert_eq!(metrics["master/cpus_total"], 4.0);
}
