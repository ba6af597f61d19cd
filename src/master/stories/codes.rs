//! What Mesos answers to calls that are wrong.

use super::agent::{client, http_client, subscribe_body};
use super::line::event;
use super::{MemoryQuorum, Pki, TestMaster};
use mesoform_identity::Role;
use mesoform_mesos::agent_protocol::{Fence, Fenced, QuorumId, SUBSCRIBE_PATH};
use mesoform_mesos::scheduler::Event;
use mesoform_mesos::{ClientError, FrameworkInfo};
use reqwest::Client;
use serde_json::{Value, json};

/// Plain HTTP, following nothing.
pub fn http() -> Client {
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    let client = Client::builder().tls_backend_preconfigured(tls);
    client.redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

async fn post(master: &TestMaster, headers: &[(&str, &str)], body: &str) -> (u16, String) {
    let url = format!("http://{}/api/v1/scheduler", master.http);
    let mut request = http().post(url).body(body.to_owned());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let reply = request.send().await.unwrap();
    (reply.status().as_u16(), reply.text().await.unwrap())
}

#[tokio::test]
async fn wrong_calls_get_mesos_answers() {
    let (quorum, pki) = (MemoryQuorum::new(), Pki::new());
    let master = TestMaster::start("m1", &quorum, &pki).await;
    master.leads().await;
    let mut web = master.client().subscribe(FrameworkInfo::new("web", "root")).await.unwrap();
    let Event::Subscribed(subscribed) = event(&mut web).await else { panic!() };
    let id = subscribed.framework_id.value.as_str();

    const JSON: (&str, &str) = ("Content-Type", "application/json");
    let call =
        |kind: &str, id: &str| json!({"type": kind, "framework_id": {"value": id}}).to_string();
    let info = json!({"user": "root", "name": "x"});
    let subscribe = json!({"type": "SUBSCRIBE", "subscribe": {"framework_info": info}}).to_string();
    let protobuf = ("Content-Type", "application/x-protobuf");
    let stream = ("Mesos-Stream-Id", "130ae4e3-6b13-4ef4-baa9-9f2e85c3e9af");
    let not_json = ("Accept", "application/x-protobuf");
    let no_json = ("Accept", "*/*, application/json;q=0");
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    for (headers, body, code, words) in [
        (&[][..], "{}".to_owned(), 400, "Expecting 'Content-Type' to be present"),
        (&[protobuf], "{}".to_owned(), 415, "Expecting 'Content-Type' of application/json"),
        (&[form], "{}".to_owned(), 415, "Expecting 'Content-Type' of application/json"),
        (&[JSON], "{".to_owned(), 400, "Failed to parse body into JSON"),
        (&[JSON], "{}".to_owned(), 400, "Failed to validate scheduler::Call"),
        (&[JSON], call("KILL", id), 400, "Expecting 'kill' to be present"),
        (&[JSON], call("TEARDOWN", "nobody"), 400, "Framework cannot be found"),
        (&[JSON], call("TEARDOWN", id), 400, "should include the 'Mesos-Stream-Id' header"),
        (&[JSON, stream], call("TEARDOWN", id), 400, "didn't match the stream ID"),
        (&[JSON, ("Mesos-Stream-Id", "?")], call("TEARDOWN", id), 400, "didn't match"),
        (&[JSON, stream], subscribe.clone(), 400, "should not include the 'Mesos-Stream-Id'"),
        (&[JSON, not_json], subscribe.clone(), 406, "Expecting 'Accept' to allow"),
        (&[JSON, no_json], subscribe, 406, "Expecting 'Accept' to allow application/json"),
    ] {
        let (status, text) = post(&master, headers, &body).await;
        assert_eq!(status, code, "{body}: {text}");
        assert!(text.contains(words), "{body}: {text}");
    }
    let get = http().get(format!("http://{}/api/v1/scheduler", master.http)).send().await.unwrap();
    assert_eq!(get.status(), 405);
    let version: Value = master.get("/version").await;
    assert!(version["version"].is_string());
}

#[tokio::test]
async fn an_agent_speaks_only_for_its_host() {
    let (quorum, pki) = (MemoryQuorum::new(), Pki::new());
    let master = TestMaster::start("m1", &quorum, &pki).await;
    master.leads().await;
    let http = http_client(&pki, "h1");
    let url = format!("https://{}{SUBSCRIBE_PATH}", master.agents);
    let mut newer = subscribe_body("h1", None);
    newer.protocol = 2;
    for (body, code) in [(subscribe_body("h2", None), 403), (newer, 400)] {
        let reply = http.post(&url).json(&body).send().await.unwrap();
        assert_eq!(reply.status(), code);
    }
}

#[tokio::test]
async fn a_framework_is_torn_down_by_a_form() {
    let (quorum, pki) = (MemoryQuorum::new(), Pki::new());
    let master = TestMaster::start("m1", &quorum, &pki).await;
    master.leads().await;
    let mut web = master.client().subscribe(FrameworkInfo::new("web", "root")).await.unwrap();
    let Event::Subscribed(subscribed) = event(&mut web).await else { panic!() };
    let id = subscribed.framework_id.value;
    for (path, form, code, words) in [
        ("/master/teardown", String::new(), 400, "Missing 'frameworkId'"),
        ("/teardown", "frameworkId=nobody".to_owned(), 400, "No framework found"),
        ("/master/teardown", format!("frameworkId={id}"), 200, ""),
    ] {
        let url = format!("http://{}{path}", master.http);
        let reply = http().post(url).body(form).send().await.unwrap();
        assert_eq!(reply.status(), code);
        assert!(reply.text().await.unwrap().contains(words));
    }
    assert_eq!(master.get("/frameworks").await["completed_frameworks"][0]["id"], id);
}

#[tokio::test]
async fn an_agent_that_obeys_another_quorum_is_told_in_words() {
    let (quorum, pki) = (MemoryQuorum::of(QuorumId(0xa1)), Pki::new());
    let master = TestMaster::start("m1", &quorum, &pki).await;
    master.leads().await;
    let mut body = subscribe_body("h1", None);
    (body.seen_quorum, body.seen_leadership) = (Some(QuorumId(0xb2)), 90);
    let url = format!("https://{}{SUBSCRIBE_PATH}", master.agents);
    let reply = http_client(&pki, "h1").post(&url).json(&body).send().await.unwrap();
    assert_eq!(reply.status(), 409);
    let told: Fenced = serde_json::from_str(&reply.text().await.unwrap()).unwrap();
    assert_eq!(told.leadership, Fence::new(QuorumId(0xa1), 1));
    assert!(told.message.contains("quorum b2, revision 90"), "{}", told.message);
    let status = master.get("/mesoform/status").await;
    assert_eq!(status["quorum"], "a1");
    assert_eq!(status["fenced"][0]["hostname"], "h1");
    assert_eq!(status["fenced"][0]["seen_quorum"], "b2");
}

#[tokio::test]
async fn on_the_port_of_the_cluster_each_role_has_its_own_routes() {
    let (quorum, pki) = (MemoryQuorum::new(), Pki::new());
    let master = TestMaster::start("m1", &quorum, &pki).await;
    master.leads().await;
    let framework = || FrameworkInfo::new("web", "root");
    for role in [Role::Scheduler, Role::Operator] {
        let mut web = master.member(&pki, role).subscribe(framework()).await.unwrap();
        assert!(matches!(event(&mut web).await, Event::Subscribed(_)), "{role}");
    }
    for role in [Role::Agent, Role::Master, Role::Quorum] {
        let Err(error) = master.member(&pki, role).subscribe(framework()).await else { panic!() };
        assert!(matches!(error, ClientError::Refused { status: 403, .. }), "{role}: {error}");
    }
    let scheduler = client(&pki.identity(Role::Scheduler, "h1"));
    let url = format!("https://{}{SUBSCRIBE_PATH}", master.agents);
    let reply = scheduler.post(url).json(&subscribe_body("h1", None)).send().await.unwrap();
    assert_eq!(reply.status(), 403);
    let state = scheduler.get(format!("https://{}/state", master.agents)).send().await.unwrap();
    assert_eq!(state.status(), 404);
}
