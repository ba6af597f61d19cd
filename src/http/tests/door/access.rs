use futures::StreamExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio_stream::wrappers::IntervalStream;

use crate::kit::{Cluster, PASSWORD, Running, plain, settings};
use mesoform_http::{Door, HttpError, Limits};
use mesoform_identity::Role;
use mesoform_settings::{HttpSettings, Scheme};
use reqwest::{StatusCode, Version};
use serde_json::Value;

async fn api(cluster: &Cluster) -> Running {
    let http = settings(Scheme::Https, Some(cluster.credentials()));
    Running::start(&http, Some(&cluster.identity(Role::Master)), Limits::default()).await
}

#[tokio::test]
async fn certificates_of_the_cluster_pass() {
    let cluster = Cluster::new();
    let api = api(&cluster).await;
    for role in [Role::Master, Role::Scheduler, Role::Agent, Role::Operator] {
        let reply = cluster.member(role).get(api.https("/who")).send().await.unwrap();
        assert_eq!(reply.version(), Version::HTTP_2);
        assert_eq!(reply.text().await.unwrap(), format!("{role}@h1"));
    }
    let voter = cluster.member(Role::Quorum).get(api.https("/who")).send().await.unwrap();
    assert_eq!(voter.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn an_agent_s_certificate_opens_nothing_on_other_hosts() {
    let cluster = Cluster::new();
    let api = api(&cluster).await;
    let asked = |role| cluster.member_on("h2", role).get(api.https("/who")).send();
    assert_eq!(asked(Role::Agent).await.unwrap().status(), StatusCode::FORBIDDEN);
    assert_eq!(asked(Role::Operator).await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn others_need_the_password() {
    let cluster = Cluster::new();
    let (api, guest) = (api(&cluster).await, cluster.guest());
    let asked = guest.get(api.https("/who")).send().await.unwrap();
    assert_eq!(asked.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(asked.headers()["www-authenticate"], "Basic realm=\"mesoform\"");
    assert!(asked.json::<Value>().await.unwrap()["message"].is_string());
    let right = guest.get(api.https("/who")).basic_auth("admin", Some(PASSWORD));
    assert_eq!(right.send().await.unwrap().text().await.unwrap(), "admin");
    for (user, password) in [("admin", "wrong"), ("other", PASSWORD)] {
        let wrong = guest.get(api.https("/who")).basic_auth(user, Some(password));
        assert_eq!(wrong.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    }
    let unknown = guest.get(api.https("/no/such/path")).send().await.unwrap();
    assert_eq!(unknown.status(), StatusCode::UNAUTHORIZED, "strangers learn no paths");
}

/// An answer before the end of the request resets an HTTP/2 stream, and curl tells nothing of it.
#[tokio::test]
async fn who_is_refused_may_finish() {
    let cluster = Cluster::new();
    let (api, guest) = (api(&cluster).await, cluster.guest());
    let sent = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&sent);
    let ticks = IntervalStream::new(tokio::time::interval(Duration::from_millis(20))).take(5);
    let drops = ticks.map(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
        Ok::<_, std::io::Error>("drop")
    });
    let post = guest.post(api.https("/size")).body(reqwest::Body::wrap_stream(drops));
    let reply = post.send().await.unwrap();
    assert_eq!((reply.status(), reply.version()), (StatusCode::UNAUTHORIZED, Version::HTTP_2));
    assert_eq!(sent.load(Ordering::Relaxed), 5, "it was interrupted");
    // But not for ever.
    let endless = futures::stream::pending::<Result<&str, std::io::Error>>();
    let post = guest.post(api.https("/size")).body(reqwest::Body::wrap_stream(endless));
    assert_eq!(post.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn everyone_may_ping() {
    let cluster = Cluster::new();
    let api = api(&cluster).await;
    let pong = cluster.guest().get(api.https("/ping")).send().await.unwrap();
    assert_eq!(pong.text().await.unwrap(), "pong");
}

#[tokio::test]
async fn foreign_certificates_end_the_handshake() {
    let (cluster, other) = (Cluster::new(), Cluster::new());
    let api = api(&cluster).await;
    assert!(other.member(Role::Operator).get(api.https("/ping")).send().await.is_err());
}

#[tokio::test]
async fn without_a_credentials_file_nobody_is_asked() {
    let api = Running::start(&settings(Scheme::Http, None), None, Limits::default()).await;
    let reply = plain().get(api.http("/who")).send().await.unwrap();
    assert_eq!(reply.text().await.unwrap(), "anonymous");
}

#[tokio::test]
async fn a_plain_port_understands_the_cluster_s_certificates_too() {
    let cluster = Cluster::new();
    let http = settings(Scheme::Http, Some(cluster.credentials()));
    let identity = cluster.identity(Role::Master);
    let api = Running::start(&http, Some(&identity), Limits::default()).await;
    let member = cluster.member(Role::Master).get(api.https("/who")).send().await.unwrap();
    assert_eq!(member.text().await.unwrap(), "master@h1");
    let stranger = plain().get(api.http("/who")).send().await.unwrap();
    assert_eq!(stranger.status(), StatusCode::UNAUTHORIZED);
    let user = plain().get(api.http("/who")).basic_auth("admin", Some(PASSWORD));
    assert_eq!(user.send().await.unwrap().text().await.unwrap(), "admin");
    let guest = cluster.guest().get(api.https("/who")).send().await.unwrap();
    assert_eq!(guest.status(), StatusCode::UNAUTHORIZED, "TLS alone proves nothing");
}

#[tokio::test]
async fn on_loopback_foreign_hosts_and_origins_are_refused() {
    let api = Running::start(&settings(Scheme::Http, None), None, Limits::default()).await;
    for (header, value) in [("host", "evil.example"), ("origin", "https://evil.example")] {
        let request = plain().get(api.http("/ping")).header(header, value);
        let reply = request.send().await.unwrap();
        assert_eq!(reply.status(), StatusCode::FORBIDDEN);
        assert!(reply.json::<Value>().await.unwrap()["message"].is_string());
    }
    let local = plain().get(api.http("/ping")).header("host", "localhost:1");
    assert_eq!(local.send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn a_mutual_door_checks_the_role() {
    let cluster = Cluster::new();
    let identity = cluster.identity(Role::Master);
    let addr = ([127, 0, 0, 1], 0).into();
    let port = Running::door(Door::mutual(addr, &identity, &[Role::Agent]).await.unwrap());
    let agent = cluster.member(Role::Agent).get(port.https("/who")).send().await.unwrap();
    assert_eq!(agent.text().await.unwrap(), "agent@h1");
    for role in [Role::Operator, Role::Scheduler, Role::Quorum] {
        let other = cluster.member(role).get(port.https("/ping")).send().await.unwrap();
        assert_eq!(other.status(), StatusCode::FORBIDDEN, "{role}");
    }
    assert!(cluster.guest().get(port.https("/ping")).send().await.is_err());
}

#[tokio::test]
async fn a_mutual_door_may_be_open_on_some_paths() {
    let cluster = Cluster::new();
    let identity = cluster.identity(Role::Master);
    let addr = ([127, 0, 0, 1], 0).into();
    let door = Door::mutual_but(addr, &identity, &[Role::Agent], &["/who"]).await.unwrap();
    let port = Running::door(door);
    let guest = cluster.guest();
    let reply = guest.get(port.https("/who")).send().await.unwrap();
    assert_eq!(reply.text().await.unwrap(), "anonymous");
    let closed = guest.get(port.https("/ping")).send().await.unwrap();
    assert_eq!(closed.status(), StatusCode::FORBIDDEN);
    let agent = cluster.member(Role::Agent).get(port.https("/who")).send().await.unwrap();
    assert_eq!(agent.text().await.unwrap(), "agent@h1");
    let other = cluster.member(Role::Scheduler).get(port.https("/who")).send().await.unwrap();
    assert_eq!(other.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_route_can_tell_whether_nobody_listens_in() {
    let cluster = Cluster::new();
    let identity = cluster.identity(Role::Master);
    let http = settings(Scheme::Http, None);
    let api = Running::start(&http, Some(&identity), Limits::default()).await;
    let plainly = plain().get(api.http("/encrypted")).send().await.unwrap();
    assert_eq!(plainly.text().await.unwrap(), "false");
    let secretly = cluster.guest().get(api.https("/encrypted")).send().await.unwrap();
    assert_eq!(secretly.text().await.unwrap(), "true");
}

#[tokio::test]
async fn routes_may_be_for_some_of_the_roles_only() {
    let cluster = Cluster::new();
    let identity = cluster.identity(Role::Master);
    let both = [Role::Agent, Role::Scheduler];
    let door = Door::mutual(([127, 0, 0, 1], 0).into(), &identity, &both).await.unwrap();
    let port = Running::door(door);
    for (role, code) in [(Role::Agent, StatusCode::FORBIDDEN), (Role::Scheduler, StatusCode::OK)] {
        let member = cluster.member(role);
        assert_eq!(member.get(port.https("/frameworks")).send().await.unwrap().status(), code);
        assert_eq!(member.get(port.https("/who")).send().await.unwrap().status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn what_cannot_be_served_is_said_with_its_cause() {
    let api = Running::start(&settings(Scheme::Http, None), None, Limits::default()).await;
    let taken = HttpSettings { listen: api.addr, ..settings(Scheme::Http, None) };
    let error = Door::bind(&taken, None).await.unwrap_err();
    assert!(matches!(error, HttpError::Listen { .. }), "{error}");
    assert!(error.to_string().contains(&api.addr.to_string()), "{error}");
    let bare = Door::bind(&settings(Scheme::Https, None), None).await;
    assert!(matches!(bare, Err(HttpError::NoIdentity { .. })));
}
