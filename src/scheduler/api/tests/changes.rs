use super::desk::desk;
use crate::engine::tests::memory::Weather;
use http::StatusCode;
use insta::assert_snapshot;
use serde_json::json;

#[tokio::test]
async fn the_life_of_an_app() {
    let desk = desk(4000);
    let app = json!({ "id": "/shop/web", "cmd": "serve", "cpus": 0.5, "mem": 32, "instances": 2,
        "labels": { "team": "blue" }, "constraints": [["hostname", "LIKE", "h.*"]] });
    let created = desk.ask("POST", "/v2/apps", &app).await;
    assert_snapshot!("created", created.stable());
    assert_eq!(created.headers["location"], "/shop/web");
    let deployment = created.json()["deployments"][0]["id"].clone();
    assert_eq!(created.headers["marathon-deployment-id"].to_str().unwrap(), deployment);
    assert_eq!(created.headers["x-marathon-leader"], "http://h1:8080");
    desk.deployed().await;
    assert_snapshot!("running", desk.get("/v2/apps/shop/web").await.stable());
    let scaled = desk.ask("PUT", "/v2/apps/shop/web", json!({ "instances": 1 })).await;
    assert_snapshot!("scaled", scaled.stable());
    desk.deployed().await;
    let restarted = desk.ask("POST", "/v2/apps/shop/web/restart", "").await;
    assert_eq!(restarted.status, StatusCode::OK);
    desk.deployed().await;
    let versions = desk.get("/v2/apps/shop/web/versions").await.json();
    assert_eq!(versions["versions"].as_array().unwrap().len(), 3);
    let deleted = desk.ask("DELETE", "/v2/apps/shop/web", "").await;
    assert_eq!(deleted.status, StatusCode::OK);
    desk.deployed().await;
    assert_snapshot!("deleted", desk.get("/v2/apps/shop/web").await.stable());
}

#[tokio::test]
async fn put_creates_and_updates() {
    let desk = desk(4000);
    let created = desk.ask("PUT", "/v2/apps//web/", json!({ "cmd": "x" })).await;
    assert_eq!(created.status, StatusCode::CREATED);
    desk.deployed().await;
    let updated = desk.ask("PUT", "/v2/apps/web", json!({ "cmd": "y" })).await;
    assert_eq!(updated.status, StatusCode::OK);
    desk.deployed().await;
    assert_eq!(desk.get("/v2/apps/web").await.json()["app"]["cmd"], "y");
    let patched = desk.ask("PATCH", "/v2/apps/nope", json!({ "cmd": "y" })).await;
    assert_eq!(patched.status, StatusCode::NOT_FOUND);
    let whole = "/v2/apps/web?partialUpdate=false";
    let replaced = desk.ask("PUT", whole, json!({ "args": ["sleep", "5"] })).await;
    assert_eq!(replaced.status, StatusCode::OK);
    desk.deployed().await;
    assert!(desk.get("/v2/apps/web").await.json()["app"]["cmd"].is_null());
}

#[tokio::test]
async fn many_apps_are_one_deployment() {
    let desk = desk(4000);
    let apps = json!([{ "id": "/a", "cmd": "x" }, { "id": "/b", "cmd": "x" }]);
    let answer = desk.ask("PUT", "/v2/apps", apps).await;
    assert_eq!(answer.status, StatusCode::OK);
    desk.deployed().await;
    assert_eq!(desk.get("/v2/apps").await.json()["apps"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn bad_definitions_are_refused_with_all_their_mistakes() {
    let desk = desk(4000);
    let app = json!({ "id": "/Web", "cpus": -1, "cmd": "", "healthChecks": [{}], "mem": "much" });
    assert_snapshot!("mistakes", desk.ask("POST", "/v2/apps", app).await.stable());
    let no_json = desk.ask("POST", "/v2/apps", "{").await;
    assert_eq!(
        (no_json.status, no_json.message()),
        (StatusCode::BAD_REQUEST, "Invalid JSON".into())
    );
    let no_id = desk.ask("POST", "/v2/apps", json!({ "cmd": "x" })).await;
    assert_eq!(no_id.status, StatusCode::UNPROCESSABLE_ENTITY);
    let docker = json!({ "id": "/web", "container": { "docker": { "image": "nginx" } } });
    let docker = desk.ask("POST", "/v2/apps", docker).await;
    assert!(docker.body.contains("'container' is not carried out by mesoform yet"));
    assert!(desk.memory.records().len() <= 1);
}

#[tokio::test]
async fn locked_apps_name_their_deployments() {
    let desk = desk(0);
    desk.ask("POST", "/v2/apps", json!({ "id": "/web", "cmd": "x" })).await;
    let locked = desk.ask("PUT", "/v2/apps/web", json!({ "cmd": "y" })).await;
    assert_snapshot!("locked", locked.stable());
    let forced = desk.ask("PUT", "/v2/apps/web?force=true", json!({ "cmd": "y" })).await;
    assert_eq!(forced.status, StatusCode::OK);
    let exists = desk.ask("POST", "/v2/apps", json!({ "id": "/web", "cmd": "x" })).await;
    assert_snapshot!("exists", exists.stable());
}

#[tokio::test]
async fn deployments_are_shown_and_undone() {
    let desk = desk(0);
    desk.ask("POST", "/v2/apps", json!({ "id": "/web", "cmd": "x" })).await;
    let list = desk.get("/v2/deployments").await;
    assert_snapshot!("deployments", list.stable());
    let id = list.json()[0]["id"].as_str().unwrap().to_owned();
    let undone = desk.ask("DELETE", &format!("/v2/deployments/{id}"), "").await;
    assert_eq!(undone.status, StatusCode::OK);
    desk.deployed().await;
    assert_eq!(desk.get("/v2/apps/web").await.status, StatusCode::NOT_FOUND);
    let unknown = desk.ask("DELETE", "/v2/deployments/nope", "").await;
    assert_eq!(unknown.message(), "DeploymentPlan nope does not exist");
    desk.ask("POST", "/v2/apps", json!({ "id": "/web", "cmd": "x" })).await;
    let id = desk.get("/v2/deployments").await.json()[0]["id"].as_str().unwrap().to_owned();
    let left = desk.ask("DELETE", &format!("/v2/deployments/{id}?force=true"), "").await;
    assert_eq!(left.status, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn tasks_are_killed_and_replaced_or_scaled_away() {
    let desk = desk(4000);
    let app = json!({ "id": "/web", "cmd": "x", "instances": 2 });
    desk.ask("POST", "/v2/apps", app).await;
    desk.deployed().await;
    let tasks = desk.get("/v2/apps/web/tasks").await.json();
    let first = tasks["tasks"][0]["id"].as_str().unwrap().to_owned();
    let killed = desk.ask("DELETE", &format!("/v2/apps/web/tasks/{first}"), "").await;
    assert_eq!(killed.json()["task"]["id"], first.as_str());
    let unknown = desk.ask("DELETE", "/v2/apps/web/tasks/nope", "").await;
    assert_eq!(unknown.message(), "Task 'nope' does not exist");
    let both = desk.ask("DELETE", "/v2/apps/web/tasks?scale=true&wipe=true", "").await;
    assert_eq!(both.status, StatusCode::BAD_REQUEST);
    let scaled = desk.ask("DELETE", "/v2/apps/web/tasks?scale=true", "").await;
    assert!(scaled.json()["deploymentId"].is_string());
    desk.deployed().await;
    assert_eq!(desk.get("/v2/apps/web").await.json()["app"]["instances"], 0);
    let bad = desk.ask("POST", "/v2/tasks/delete", json!({ "ids": ["x"] })).await;
    assert_eq!(
        (bad.status, bad.message()),
        (StatusCode::BAD_REQUEST, "Invalid task id 'x'.".into())
    );
}

#[tokio::test]
async fn a_lost_quorum_refuses_changes_and_changes_nothing() {
    let desk = desk(4000);
    desk.memory.weather(Weather::NoMajority);
    let refused = desk.ask("POST", "/v2/apps", json!({ "id": "/web", "cmd": "x" })).await;
    assert_snapshot!("no_majority", refused.stable());
    assert!(!desk.memory.records().keys().any(|key| key.contains("web")));
}

#[tokio::test]
async fn an_unknown_outcome_is_said_to_be_unknown() {
    let desk = desk(4000);
    desk.memory.weather(Weather::AnswerLost);
    let unknown = desk.ask("POST", "/v2/apps", json!({ "id": "/web", "cmd": "x" })).await;
    assert_snapshot!("unknown", unknown.stable());
    let after = desk.ask("POST", "/v2/apps", json!({ "id": "/web", "cmd": "x" })).await;
    assert_eq!(after.status, StatusCode::SERVICE_UNAVAILABLE);
}
