//! Clients that are not ours: what they write, and what they trip over.

use super::cluster::Cluster;
use super::desk::{Desk, Said, ask, desk};
use axum::body::Body;
use http::{Request, StatusCode};
use mesoform_identity::Role;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

async fn with_header(desk: &Desk, path: &str, name: &str, value: &str) -> Said {
    let request = Request::get(path).header(name, value).body(Body::empty());
    ask(&desk.router, request.unwrap()).await
}

async fn one_app() -> Desk {
    let desk = desk(4000);
    desk.ask("POST", "/v2/apps", json!({ "id": "/shop/web", "cmd": "x", "cpus": 0.1 })).await;
    desk.deployed().await;
    desk
}

#[tokio::test]
async fn flags_are_written_as_pythons_client_does() {
    let desk = desk(0);
    desk.ask("POST", "/v2/apps", json!({ "id": "/web", "cmd": "x" })).await;
    let change = json!({ "cmd": "y" });
    for locked in ["", "?force=False", "?force=false", "?force=1"] {
        let said = desk.ask("PUT", &format!("/v2/apps//web{locked}"), &change).await;
        assert_eq!(said.status, StatusCode::CONFLICT, "{locked}");
    }
    for forced in ["?force=True", "?force=true", "?force", "?x=%&force=TRUE"] {
        let said = desk.ask("PUT", &format!("/v2/apps//web{forced}"), &change).await;
        assert_eq!(said.status, StatusCode::OK, "{forced}");
    }
}

/// As Python's client does with `minimal=False`: all that it read, and `null` for what is not set.
#[tokio::test]
async fn an_app_may_be_sent_back_as_it_was_read() {
    let desk = one_app().await;
    let mut app = desk.get("/v2/apps/shop/web").await.json()["app"].clone();
    let fields = app.as_object_mut().unwrap();
    for unset in ["version", "args", "container", "user", "residency", "taskStats", "gpus"] {
        fields.insert(unset.to_owned(), Value::Null);
    }
    fields.insert("executor".to_owned(), json!(""));
    fields.insert("cmd".to_owned(), json!("y"));
    app["portDefinitions"][0]["labels"] = Value::Null;
    app["upgradeStrategy"]["minimumHealthCapacity"] = Value::Null;
    let said = desk.ask("PUT", "/v2/apps//shop/web", app).await;
    assert_eq!(said.status, StatusCode::OK, "{}", said.body);
}

#[tokio::test]
async fn what_is_accepted_decides_between_json_and_text() {
    let desk = one_app().await;
    for path in ["/v2/tasks", "/v2/tasks/", "/v2/apps/shop/web/tasks"] {
        for text in ["text/plain", "text/plain; charset=utf-8", "text/plain, */*;q=0.1"] {
            let said = with_header(&desk, path, "accept", text).await;
            assert!(said.body.starts_with("shop_web\t"), "{path} {text}: {}", said.body);
        }
        for other in ["*/*", "application/json", "application/json, text/plain, */*", "text/html"] {
            let said = with_header(&desk, path, "accept", other).await;
            assert_eq!(said.headers["content-type"], "application/json", "{path} {other}");
            assert_eq!(said.json()["tasks"][0]["appId"], "/shop/web");
        }
    }
    for path in ["/v2/apps", "/v2/info", "/v2/leader", "/v2/deployments"] {
        let said = with_header(&desk, path, "accept", "text/plain").await;
        assert_eq!(said.headers["content-type"], "application/json", "{path}");
    }
    assert_eq!(with_header(&desk, "/ping", "accept", "application/json").await.body, "pong");
}

#[tokio::test]
async fn details_are_embedded_under_both_their_names() {
    let desk = one_app().await;
    for (query, tasks) in [
        ("", false),
        ("?embed=apps.tasks", true),
        ("?embed=app.tasks&embed=app.counts", true),
        ("?embed=apps.counts&embed=apps.deployments", false),
        ("?embed=apps.failures", true),
        ("?embed=nonsense", false),
    ] {
        let said = desk.get(&format!("/v2/apps{query}")).await.json();
        assert_eq!(said["apps"][0]["tasks"].is_array(), tasks, "{query}");
        assert_eq!(said["apps"][0]["tasksRunning"], 1, "{query}");
    }
}

#[tokio::test]
async fn other_methods_are_answered_and_told_what_would_do() {
    let desk = one_app().await;
    for (method, path) in [
        ("PUT", "/v2/tasks"),
        ("POST", "/v2/info"),
        ("POST", "/v2/leader"),
        ("DELETE", "/v2/apps"),
        ("DELETE", "/v2/queue"),
        ("GET", "/v2/apps/shop/web/restart"),
        ("POST", "/v2/apps/shop/web"),
        ("PATCH", "/v2/deployments/x"),
        ("BREW", "/v2/apps/shop/web"),
        ("DELETE", "/v2/groups/shop"),
    ] {
        let said = desk.ask(method, path, "").await;
        assert_eq!(said.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
        assert!(said.headers.contains_key("allow"), "{method} {path}");
        assert_eq!(said.message(), "Method Not Allowed");
    }
    for path in ["/v2/apps", "/v2/apps/shop/web", "/v2/info", "/ping", "/v2/tasks"] {
        let said = desk.ask("OPTIONS", path, "").await;
        assert_eq!(said.status, StatusCode::OK, "{path}");
        assert!(said.headers["allow"].to_str().unwrap().contains("GET"), "{path}");
        assert_eq!(desk.ask("HEAD", path, "").await.status, StatusCode::OK, "{path}");
    }
    assert_eq!(desk.ask("HEAD", "/v2/apps/nope", "").await.status, StatusCode::NOT_FOUND);
    assert_eq!(desk.ask("PUT", "/v2/nothing", "").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn apps_whose_paths_hold_words_of_the_api_are_found() {
    let desk = desk(4000);
    for id in ["/my/tasks/worker", "/my/versions/worker", "/my/restart/worker"] {
        let path = format!("/v2/apps{id}");
        let put = desk.ask("PUT", &path, json!({ "cmd": "x", "cpus": 0.1 })).await;
        assert_eq!(put.status, StatusCode::CREATED, "{id}: {}", put.body);
        desk.deployed().await;
        if !id.contains("versions") {
            assert_eq!(desk.get(&path).await.json()["app"]["id"], id);
        }
    }
}

/// One answer on a connection of its own: code, head and body.
async fn probe(address: &str, request: &[u8]) -> (u16, String, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut all = Vec::new();
    let read = timeout(Duration::from_secs(90), stream.read_to_end(&mut all)).await;
    assert!(read.is_ok(), "a hang after {}", String::from_utf8_lossy(request));
    let text = String::from_utf8(all).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let code = head.get(9..12).and_then(|code| code.parse().ok()).unwrap_or(0);
    (code, head.to_owned(), body.to_owned())
}

#[tokio::test]
async fn whatever_comes_gets_an_answer_in_marathons_form() {
    let desk = one_app().await;
    let address = Cluster::new().serve(Role::Scheduler, desk.router.clone()).await;
    let deep = "[".repeat(100_000);
    for (line, body, expected) in [
        ("GET /v2/apps/%2Fshop%2Fweb", "", 200),
        ("GET /v2/apps//shop/web/", "", 200),
        ("GET http://localhost/v2/apps/shop/web", "", 200),
        ("GET /v2/apps/%ff%fe", "", 404),
        ("GET /v2/apps/%00", "", 404),
        ("GET /v2/apps/..%2f..%2fetc", "", 404),
        ("GET /v2/apps?label=%ff", "", 422),
        ("GET /v2/apps?cmd=%", "", 200),
        ("GET /%2e%2e/ping", "", 404),
        ("DELETE /v2/apps/%2F", "", 405),
        ("POST /v2/apps", "", 400),
        ("POST /v2/apps", "{", 400),
        ("POST /v2/apps", "\u{feff}{}", 400),
        ("POST /v2/apps", "[]", 422),
        ("POST /v2/apps", "null", 422),
        ("POST /v2/apps", "7", 422),
        ("POST /v2/apps", "{\"id\":7}", 422),
        ("POST /v2/apps", "{\"id\":\"/x\",\"cmd\":\"x\",\"instances\":1e99}", 422),
        ("POST /v2/apps", &deep, 400),
        ("PUT /v2/apps/shop/web", "{\"instances\":-1}", 422),
        ("PUT /v2/apps/shop/web", "{\"instances\":\"many\"}", 422),
        ("PUT /v2/apps", "{}", 422),
        ("POST /v2/tasks/delete", "{\"ids\":[7]}", 422),
        ("POST /v2/tasks/delete", "[]", 422),
        ("DELETE /v2/apps/shop/web/tasks/%ff", "", 404),
        ("TRACE /v2/apps", "", 405),
    ] {
        let length = body.len();
        let request = format!(
            "{line} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: \
             {length}\r\n\r\n{body}"
        );
        let (code, head, body) = probe(&address, request.as_bytes()).await;
        assert_eq!(code, expected, "{line}: {body}");
        let json: Value = serde_json::from_str(&body).unwrap();
        assert!(code < 300 || json["message"].is_string(), "{line}: {head} {body}");
    }
    let head = b"HEAD /v2/apps HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    let (code, head, body) = probe(&address, head).await;
    assert_eq!((code, body.as_str()), (200, ""));
    assert!(!head.contains("content-length: 0"), "{head}");
    let cut =
        b"POST /v2/apps HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n";
    let (code, _, body) = probe(&address, cut).await;
    assert_eq!(code, 400, "{body}");
}
