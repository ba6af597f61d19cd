use super::desk::{Desk, ask, desk};
use axum::body::Body;
use http::{Request, StatusCode};
use insta::assert_snapshot;
use serde_json::json;

async fn shop() -> Desk {
    let desk = desk(4000);
    let apps = json!([
        { "id": "/shop/web", "cmd": "serve web", "cpus": 0.1, "labels": { "env": "prod", "team": "a" } },
        { "id": "/shop/db/main", "cmd": "serve db", "cpus": 0.1, "labels": { "env": "test" }, "ports": [] },
        { "id": "/cron", "cmd": "tick", "cpus": 0.1 },
    ]);
    assert_eq!(desk.ask("PUT", "/v2/apps", apps).await.status, StatusCode::OK);
    desk.deployed().await;
    desk
}

#[tokio::test]
async fn apps_are_found_by_command_id_and_labels() {
    let desk = shop().await;
    for (query, expected) in [
        ("", vec!["/cron", "/shop/db/main", "/shop/web"]),
        ("?cmd=SERVE", vec!["/shop/db/main", "/shop/web"]),
        ("?id=shop/w", vec!["/shop/web"]),
        ("?label=env", vec!["/shop/db/main", "/shop/web"]),
        ("?label=env==prod", vec!["/shop/web"]),
        ("?label=env!=prod", vec!["/shop/db/main"]),
        ("?label=env%20in%20(prod,test),team", vec!["/shop/web"]),
        ("?label=env%20notin%20(prod)", vec!["/shop/db/main"]),
    ] {
        let said = desk.get(&format!("/v2/apps{query}")).await.json();
        let ids: Vec<&str> =
            said["apps"].as_array().unwrap().iter().map(|a| a["id"].as_str().unwrap()).collect();
        assert_eq!(ids, expected, "{query}");
    }
    assert_eq!(desk.get("/v2/apps?label=(").await.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn paths_are_taken_as_they_come() {
    let desk = shop().await;
    for path in [
        "/v2/apps/shop/web",
        "/v2/apps//shop/web/",
        "/v2/apps/%2Fshop%2Fweb",
        "//v2//apps/shop//web",
    ] {
        assert_eq!(desk.get(path).await.status, StatusCode::OK, "{path}");
    }
    assert_eq!(desk.get("/v2/apps/").await.status, StatusCode::OK);
    assert_eq!(desk.get("/v2/apps/No%20App").await.message(), "App '/No App' does not exist");
    assert_eq!(desk.get("/v2/nothing").await.status, StatusCode::NOT_FOUND);
    assert_eq!(desk.get("/").await.status, StatusCode::NOT_FOUND);
    let group = desk.get("/v2/apps/shop/*").await.json();
    assert_eq!(group["*"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn groups_are_a_tree() {
    let desk = shop().await;
    let root = desk.get("/v2/groups").await.json();
    assert_eq!(root["apps"][0]["id"], "/cron");
    assert_eq!(root["groups"][0]["id"], "/shop");
    assert_eq!(root["groups"][0]["groups"][0]["apps"][0]["id"], "/shop/db/main");
    assert_eq!(desk.get("/v2/groups/shop/db").await.json()["apps"][0]["id"], "/shop/db/main");
    assert_eq!(desk.get("/v2/groups/nope").await.message(), "Group '/nope' does not exist");
}

#[tokio::test]
async fn tasks_are_shown_as_json_and_as_text() {
    let desk = shop().await;
    assert_snapshot!("tasks", desk.get("/v2/apps/cron/tasks").await.stable());
    let text = Request::get("/v2/tasks").header("accept", "text/plain").body(Body::empty());
    assert_snapshot!("tasks_text", ask(&desk.router, text.unwrap()).await.stable());
    let count = |said: super::desk::Said| said.json()["tasks"].as_array().unwrap().len();
    assert_eq!(count(desk.get("/v2/tasks").await), 3);
    assert_eq!(count(desk.get("/v2/tasks?status=staging").await), 0);
    assert_eq!(count(desk.get("/v2/tasks?status[]=running&status[]=staging").await), 3);
}

#[tokio::test]
async fn the_queue_shows_what_is_wanted() {
    let desk = desk(0);
    desk.ask("POST", "/v2/apps", json!({ "id": "/web", "cmd": "x", "instances": 3 })).await;
    let queue = desk.get("/v2/queue").await.json();
    assert_eq!(
        (&queue["queue"][0]["count"], &queue["queue"][0]["app"]["id"]),
        (&json!(3), &json!("/web"))
    );
    assert_eq!(queue["queue"][0]["delay"], json!({ "timeLeftSeconds": 0, "overdue": true }));
    assert_eq!(desk.ask("DELETE", "/v2/queue//web/delay", "").await.status, StatusCode::NO_CONTENT);
    let unknown = desk.ask("DELETE", "/v2/queue/nope/delay", "").await;
    assert_eq!(unknown.message(), "Application /nope not found in tasks queue.");
}

#[tokio::test]
async fn the_scheduler_tells_about_itself() {
    let desk = shop().await;
    assert_eq!(desk.get("/ping").await.body, "pong");
    assert_snapshot!("info", desk.get("/v2/info").await.stable());
    assert_snapshot!("status", desk.get("/mesoform/status").await.stable());
    assert_eq!(desk.get("/v2/leader").await.json(), json!({ "leader": "h1:8080" }));
    let metrics = desk.get("/metrics").await.json();
    assert_eq!(metrics["gauges"]["marathon.instances.running.gauge"]["value"], 3);
    assert_eq!(desk.ask("POST", "/ping", "").await.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn one_version_of_an_app_is_shown() {
    let desk = shop().await;
    let versions = desk.get("/v2/apps/cron/versions").await.json();
    let version = versions["versions"][0].as_str().unwrap().to_owned();
    let shown = desk.get(&format!("/v2/apps/cron/versions/{version}")).await.json();
    assert_eq!(shown["cmd"], "tick");
    let other = desk.get("/v2/apps/cron/versions/2015-01-01T00:00:00.000Z").await;
    assert_eq!(other.status, StatusCode::NOT_FOUND);
    assert_eq!(desk.get("/v2/apps/cron/versions/x").await.status, StatusCode::NOT_FOUND);
}
