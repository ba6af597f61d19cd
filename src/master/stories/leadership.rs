use super::agent::{http_client, subscribe_body};
use super::line::event;
use super::{FakeAgent, MemoryQuorum, Pki, TestMaster};
use mesoform_identity::Role;
use mesoform_mesos::agent_protocol::SUBSCRIBE_PATH;
use mesoform_mesos::scheduler::Event;
use mesoform_mesos::{ClientEvent, FrameworkInfo, TaskState};

#[tokio::test]
async fn a_standby_sends_everyone_to_the_leader() {
    let (quorum, pki) = (MemoryQuorum::new(), Pki::new());
    let leader = TestMaster::start("m1", &quorum, &pki).await;
    leader.leads().await;
    let standby = TestMaster::start("m2", &quorum, &pki).await;

    let http = super::codes::http();
    for path in ["/state", "/master/state.json?x=1", "/slaves", "/tasks"] {
        let reply = http.get(format!("http://{}{path}", standby.http)).send().await.unwrap();
        assert_eq!(reply.status(), 307, "{path}");
        assert_eq!(reply.headers()["location"], format!("//{}{path}", leader.http));
    }
    for master in [&leader, &standby] {
        let reply = http.get(format!("http://{}/redirect", master.http)).send().await.unwrap();
        assert_eq!(reply.status(), 307);
        assert_eq!(reply.headers()["location"], format!("//{}", leader.http));
        let health = http.get(format!("http://{}/health", master.http)).send().await.unwrap();
        assert_eq!(health.status(), 200);
    }
    let reply = http_client(&pki, "h1")
        .post(format!("https://{}{SUBSCRIBE_PATH}", standby.agents))
        .json(&subscribe_body("h1", None))
        .send()
        .await
        .unwrap();
    assert_eq!(reply.status(), 307);
    let location = format!("https://{}{SUBSCRIBE_PATH}", leader.agents);
    assert_eq!(reply.headers()["location"], location);

    let mut web = standby.client().subscribe(FrameworkInfo::new("web", "root")).await.unwrap();
    assert!(matches!(event(&mut web).await, Event::Subscribed(_)));
    assert_eq!(web.caller().master().authority(), leader.http);
    let own = standby.member(&pki, Role::Scheduler);
    let mut own = own.subscribe(FrameworkInfo::new("marathon", "root")).await.unwrap();
    assert!(matches!(event(&mut own).await, Event::Subscribed(_)));
    assert_eq!(own.caller().master().authority(), leader.agents);
    assert_eq!(standby.get("/mesoform/status").await["leading"], false);
    assert_eq!(standby.get("/mesoform/status").await["leader"]["host"], "m1");
}

#[tokio::test]
async fn a_deposed_master_drops_everyone_and_the_next_one_takes_over() {
    let (quorum, pki) = (MemoryQuorum::new(), Pki::new());
    let first = TestMaster::start("m1", &quorum, &pki).await;
    first.leads().await;
    let mut agent = FakeAgent::subscribe(&first, &pki, "h1").await;
    let mut info = FrameworkInfo::new("web", "root");
    info.failover_timeout = Some(60.0);
    let mut web = first.client().subscribe(info.clone()).await.unwrap();
    let Event::Subscribed(subscribed) = event(&mut web).await else { panic!() };
    let Event::Offers(_) = event(&mut web).await else { panic!() };

    let second = TestMaster::start("m2", &quorum, &pki).await;
    quorum.depose();
    second.leads().await;
    assert_eq!(agent.order().await, None);
    loop {
        match web.next().await {
            Some(ClientEvent::Event(Event::Heartbeat)) => {}
            Some(ClientEvent::Disconnected(_)) => break,
            other => panic!("{other:?}"),
        }
    }
    assert!(web.next().await.is_none());
    let (_, code) = agent.report(&"f".into(), &"t".into(), TaskState::Running).await;
    assert_eq!(code, 307);

    info.id = Some(subscribed.framework_id.clone());
    let mut web = second.client().subscribe(info).await.unwrap();
    let Event::Subscribed(again) = event(&mut web).await else { panic!() };
    assert_eq!(again.framework_id, subscribed.framework_id);
    let status = second.get("/mesoform/status").await;
    assert_eq!(status["agents"][0]["registered"], false, "{status}");
    let id = agent.id.clone();
    let agent = FakeAgent::subscribe_as(&second, agent.into_http(), "h1", Some(id.clone())).await;
    assert_eq!((&agent.id, agent.leadership), (&id, 2));
    let Event::Offers(offers) = event(&mut web).await else { panic!() };
    assert_eq!(offers.offers[0].agent_id, id);
}
