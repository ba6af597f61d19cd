use super::cluster::Cluster;
use super::desk::{Said, ask, desk, front, me};
use crate::api::{Candidate, Front, Role};
use axum::Router;
use axum::body::Body;
use http::{Request, StatusCode};
use mesoform_http::Caller;
use mesoform_identity::{Peer, Role as Part};
use serde_json::json;
use std::time::Duration;
use tokio::sync::watch;

/// A scheduler that does not lead.
fn standby(leader: Option<Candidate>, consensus: bool) -> (Router, watch::Sender<Role>) {
    standby_of(&Cluster::new(), leader, consensus)
}

fn standby_of(
    cluster: &Cluster,
    leader: Option<Candidate>,
    consensus: bool,
) -> (Router, watch::Sender<Role>) {
    let (role, roles) = watch::channel(Role::Standby { leader });
    let front = Front { proxy: cluster.proxy(), ..front(roles, me("h2:8080"), consensus) };
    (front.router(), role)
}

/// The same, without waiting for a leader.
fn impatient(leader: Option<Candidate>, consensus: bool) -> (Router, watch::Sender<Role>) {
    let (role, roles) = watch::channel(Role::Standby { leader });
    let front = Front { change_over: Duration::ZERO, ..front(roles, me("h2:8080"), consensus) };
    (front.router(), role)
}

async fn get(router: &Router, path: &str) -> Said {
    ask(router, Request::get(path).body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn whoever_does_not_lead_passes_on() {
    let (desk, cluster) = (desk(4000), Cluster::new());
    let address = cluster.serve(Part::Scheduler, desk.router.clone()).await;
    let (router, _role) = standby_of(&cluster, Some(me(&address)), true);
    let app = json!({ "id": "/web", "cmd": "x" }).to_string();
    let post = Request::post("/v2/apps?force=false").body(Body::from(app)).unwrap();
    let created = ask(&router, post).await;
    assert_eq!(created.status, StatusCode::CREATED);
    assert_eq!(created.headers["x-marathon-leader"], "http://h1:8080");
    assert!(created.headers.contains_key("marathon-deployment-id"));
    assert_eq!(get(&router, "/v2/apps//web").await.json()["app"]["id"], "/web");
    let head = Request::head("/v2/apps//web").header("connection", "close").body(Body::empty());
    let head = ask(&router, head.unwrap()).await;
    assert_eq!((head.status, head.body.as_str()), (StatusCode::OK, ""));
    assert_ne!(head.headers["content-length"], "0");
    let odd = get(&router, "/v2/apps/%2fno%ff?embed=%").await;
    assert_eq!(odd.status, StatusCode::NOT_FOUND, "{}", odd.body);
    assert_eq!(get(&router, "/v2/leader").await.json()["leader"], address);
    assert_eq!(get(&router, "/v2/info").await.json()["elected"], false);
}

/// Whoever took the leader's address, be it with a certificate of the cluster, learns nothing.
#[tokio::test]
async fn only_a_scheduler_is_taken_for_the_leader() {
    let (desk, cluster) = (desk(4000), Cluster::new());
    for (part, of) in [(Part::Agent, &cluster), (Part::Scheduler, &Cluster::new())] {
        let address = of.serve(part, desk.router.clone()).await;
        let (router, _role) = standby_of(&cluster, Some(me(&address)), true);
        let said = get(&router, "/v2/apps").await;
        assert_eq!(said.status, StatusCode::BAD_GATEWAY, "{part}");
        assert!(said.message().contains("nothing was changed"), "{}", said.message());
    }
}

#[tokio::test]
async fn a_loop_of_proxies_is_cut() {
    let cluster = Cluster::new();
    let (router, role) = standby_of(&cluster, None, true);
    let address = cluster.serve(Part::Scheduler, router.clone()).await;
    role.send_replace(Role::Standby { leader: Some(me(&address)) });
    let said = get(&router, "/v2/apps").await;
    assert_eq!(
        (said.status, said.message()),
        (StatusCode::BAD_GATEWAY, "Detected proxying loop.".into())
    );
}

#[tokio::test]
async fn a_leader_that_is_gone_is_named() {
    let (router, _role) = standby(Some(me("127.0.0.1:1")), true);
    let said = get(&router, "/v2/apps").await;
    assert_eq!(said.status, StatusCode::BAD_GATEWAY);
    assert!(said.message().contains("127.0.0.1:1 cannot be reached"), "{}", said.message());
}

#[tokio::test]
async fn with_no_leader_the_cause_is_told() {
    let (router, _role) = impatient(None, true);
    let said = get(&router, "/v2/apps").await;
    assert_eq!(said.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(said.message().starts_with("no scheduler leads"));
    let (router, _role) = impatient(Some(me("h2:8080")), false);
    let said = get(&router, "/v2/apps").await;
    assert_eq!(said.status, StatusCode::SERVICE_UNAVAILABLE);
    insta::assert_snapshot!(said.message());
    assert_eq!(get(&router, "/ping").await.body, "pong");
    assert_eq!(get(&router, "/v2/leader").await.message(), "There is no leader");
}

#[tokio::test]
async fn an_etcd_that_is_not_ours_is_not_ours_to_restart() {
    let (_role, roles) = watch::channel(Role::Standby { leader: None });
    let front = front(roles, me("h2:8080"), false);
    let router = Front { change_over: Duration::ZERO, on_etcd: true, ..front }.router();
    let said = get(&router, "/v2/apps").await;
    let message = said.message();
    assert!(message.contains("`etcdctl endpoint status`"), "{message}");
    assert!(!message.contains("mesoform restart"), "{message}");
}

#[tokio::test]
async fn requests_wait_for_a_change_of_leaders() {
    let desk = desk(4000);
    let leading = desk.role.borrow().clone();
    let (router, role) = standby(None, true);
    let asked = tokio::spawn(async move { get(&router, "/v2/apps").await });
    tokio::task::yield_now().await;
    role.send_replace(leading);
    assert_eq!(asked.await.unwrap().status, StatusCode::OK);
}

#[tokio::test]
async fn the_leader_abdicates_when_told_to() {
    let desk = desk(4000);
    let said = desk.ask("DELETE", "/v2/leader", "").await;
    assert_eq!(said.message(), "Leadership abdicated");
    assert!(desk.abdicated.is_cancelled());
}

#[tokio::test]
async fn an_agents_certificate_opens_nothing() {
    let desk = desk(4000);
    let as_role = |role: Part, path: &str| {
        let peer = Peer { cluster: "demo".to_owned(), role, host: "h9".to_owned() };
        let mut request = Request::get(path).body(Body::empty()).unwrap();
        request.extensions_mut().insert(Caller::Peer(peer));
        request
    };
    let said = ask(&desk.router, as_role(Part::Agent, "/v2/apps")).await;
    assert_eq!(said.status, StatusCode::FORBIDDEN);
    let said = ask(&desk.router, as_role(Part::Agent, "/ping")).await;
    assert_eq!(said.status, StatusCode::OK);
    for role in [Part::Operator, Part::Scheduler] {
        assert_eq!(ask(&desk.router, as_role(role, "/v2/apps")).await.status, StatusCode::OK);
    }
}
