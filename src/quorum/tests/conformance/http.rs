//! What is served on the client port beside gRPC: over HTTP/1.1, to whoever has a certificate.

use super::common::PATIENCE;
use super::engine::Engine;
use mesoform_identity::{Identity, Role};
use rustls_pki_types::ServerName;
use serde_json::Value;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Metrics that mean the same: name and type.
const METRICS: &[(&str, &str)] = &[
    ("etcd_server_has_leader", "gauge"),
    ("etcd_server_is_leader", "gauge"),
    ("etcd_server_is_learner", "gauge"),
    ("etcd_server_leader_changes_seen_total", "counter"),
    ("etcd_server_proposals_committed_total", "gauge"),
    ("etcd_server_proposals_applied_total", "gauge"),
    ("etcd_server_proposals_pending", "gauge"),
    ("etcd_server_proposals_failed_total", "counter"),
    ("etcd_server_version", "gauge"),
    ("etcd_disk_wal_fsync_duration_seconds", "histogram"),
    ("etcd_disk_backend_commit_duration_seconds", "histogram"),
    ("etcd_mvcc_db_total_size_in_bytes", "gauge"),
    ("etcd_debugging_mvcc_current_revision", "gauge"),
    ("etcd_debugging_mvcc_compact_revision", "gauge"),
];

pub struct Answer {
    pub status: u16,
    head: String,
    pub body: String,
}

/// One request on a connection of its own.
pub async fn ask(engine: &Engine, method: &str, path: &str) -> Answer {
    let (address, keys) = engine.http();
    let identity = Identity::load(&keys).unwrap();
    let tls = identity.client_config_to(&[Role::Quorum], &[b"http/1.1"]).unwrap();
    let stream = TcpStream::connect(&address).await.unwrap();
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let mut stream = TlsConnector::from(tls).connect(name, stream).await.unwrap();
    let request =
        format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut text = Vec::new();
    // Who closes without a farewell has said everything all the same.
    let _ = stream.read_to_end(&mut text).await;
    let text = String::from_utf8(text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let body = match head.to_lowercase().contains("transfer-encoding: chunked") {
        true => unchunk(body),
        false => body.to_owned(),
    };
    Answer { status, head: head.to_lowercase(), body }
}

fn unchunk(mut body: &str) -> String {
    let mut whole = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let size = usize::from_str_radix(size.trim(), 16).unwrap();
        whole.push_str(&rest[..size]);
        body = rest[size..].trim_start_matches("\r\n");
    }
    whole
}

/// What the metrics say of a voter that has a leader, and nothing to do.
const AT_REST: [&str; 2] = ["etcd_server_has_leader 1\n", "etcd_server_proposals_pending 0\n"];

/// The metrics once the voter is at rest, or the last ones where it never is.
async fn at_rest(engine: &Engine) -> Answer {
    let start = Instant::now();
    loop {
        let metrics = ask(engine, "GET", "/metrics").await;
        let rests = AT_REST.iter().all(|sample| metrics.body.contains(sample));
        if rests || start.elapsed() > PATIENCE {
            return metrics;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn is_as_etcd_has_it(engine: Engine) {
    let health = ask(&engine, "GET", "/health").await;
    assert_eq!((health.status, health.body.contains(r#""health":"true""#)), (200, true));
    assert_eq!(ask(&engine, "POST", "/health").await.status, 405);
    let version: Value = serde_json::from_str(&ask(&engine, "GET", "/version").await.body).unwrap();
    assert!(version["etcdserver"].as_str().unwrap().starts_with("3."));
    assert!(version["etcdcluster"].as_str().unwrap().starts_with("3."));
    assert_eq!(ask(&engine, "GET", "/nothing").await.status, 404);
    let metrics = at_rest(&engine).await;
    assert_eq!(metrics.status, 200);
    assert!(metrics.head.contains("content-type: text/plain; version=0.0.4"), "{}", metrics.head);
    for (name, kind) in METRICS {
        let declared = format!("# TYPE {name} {kind}\n");
        assert!(metrics.body.contains(&declared), "{declared} is not in {}", metrics.body);
    }
    for sample in AT_REST {
        assert!(metrics.body.contains(sample), "{sample} is not in {}", metrics.body);
    }
    let buckets = r#"etcd_disk_wal_fsync_duration_seconds_bucket{le="0.001"} "#;
    assert!(metrics.body.contains(buckets), "{}", metrics.body);
}

#[tokio::test]
async fn as_etcd_serves_it() {
    if let Some(etcd) = Engine::etcd().await {
        is_as_etcd_has_it(etcd).await;
    }
}

#[tokio::test]
async fn by_one_voter() {
    is_as_etcd_has_it(Engine::one_voter().await).await;
}

#[tokio::test]
async fn by_a_follower() {
    is_as_etcd_has_it(Engine::a_follower().await).await;
}
