//! The table of contents: what is measured, in order.

use crate::client::Client;
use crate::cluster::Cluster;
use crate::failover::failover;
use crate::lease::leases;
use crate::load::{self, CONNECTIONS, Load};
use crate::score::Score;
use crate::watch::fan_out;
use mesoform_etcd::pb::compare::{CompareResult, CompareTarget, TargetUnion};
use mesoform_etcd::pb::request_op::Request;
use mesoform_etcd::pb::{Compare, PutRequest, RequestOp, TxnRequest};
use std::time::Duration;
use tonic::Status;

pub const KEYS: usize = 10_000;
pub const FAILOVERS: usize = 3;

pub async fn measure(mut cluster: Cluster, score: &mut Score) {
    let kind = cluster.kind;
    score.time("start: three new members, all serve", kind, cluster.start);
    loads(&cluster, score).await;
    if wanted("watch") {
        let told = fan_out(&cluster).await;
        score.rate("watch: events/s to 1,000 watchers", kind, told.events_per_second);
        for latency in told.latency {
            score.time("watch: put until 1,000 have heard", kind, latency);
        }
    }
    if wanted("lease") {
        let leases = leases(&cluster).await;
        score.rate("lease: grants/s", kind, leases.grants_per_second);
        score.rate("lease: keep-alives/s of 10,000", kind, leases.keep_alives_per_second);
    }
    for member in &cluster.members {
        score.size("memory: resident, each member", kind, member.resident());
        score.size("disk: data, each member", kind, member.stored());
    }
    if wanted("failover") {
        for _ in 0..FAILOVERS {
            let took = failover(&mut cluster).await;
            score.time("failover: SIGKILL to the next put", kind, took);
        }
    }
}

async fn loads(cluster: &Cluster, score: &mut Score) {
    let kind = cluster.kind;
    for clients in [1, 16, 64, 512] {
        if wanted("put") {
            let load = run(cluster, clients, put).await;
            score.load(&format!("put 256 bytes, {clients} clients"), kind, &load);
        }
    }
    for clients in [1, 64] {
        if wanted("txn") {
            let load = run(cluster, clients, txn).await;
            score.load(&format!("txn fenced, 2 puts, {clients} clients"), kind, &load);
        }
    }
    for (name, serializable) in [("linearizable", false), ("serializable", true)] {
        for clients in [1, 64, 512] {
            if wanted(name) {
                let load = run(cluster, clients, move |c, n, i| get(c, n, i, serializable)).await;
                score.load(&format!("get {name}, {clients} clients"), kind, &load);
            }
        }
    }
}

async fn run<F: Future<Output = Result<(), Status>> + Send>(
    cluster: &Cluster,
    clients: usize,
    ask: impl Fn(Client, usize, usize) -> F + Clone + Send + Sync + 'static,
) -> Load {
    let connections = cluster.connections(clients.min(CONNECTIONS)).await;
    load::run(&cluster.members, connections, clients, time(), ask).await
}

/// How long each load lasts.
pub fn time() -> Duration {
    let seconds = std::env::var("SECONDS").ok().and_then(|s| s.parse().ok()).unwrap_or(2.0);
    Duration::from_secs_f64(seconds)
}

pub fn wanted(row: &str) -> bool {
    let Ok(rows) = std::env::var("ROWS") else { return true };
    rows.split(',').any(|word| row.contains(word))
}

/// Any of the keys, in an order of each client's own.
pub fn key(client: usize, count: usize) -> String {
    format!("bench/{:08}", (client * 7919 + count * 104_729) % KEYS)
}

async fn put(mut client: Client, number: usize, count: usize) -> Result<(), Status> {
    client.put(key(number, count), vec![7; 256]).await.map(|_| ())
}

async fn get(
    mut client: Client,
    number: usize,
    count: usize,
    serializable: bool,
) -> Result<(), Status> {
    client.get(key(number, count), serializable).await
}

/// As our services write: fenced by a key that must still be as it was.
async fn txn(mut client: Client, number: usize, count: usize) -> Result<(), Status> {
    let put = |key: String| RequestOp {
        request: Some(Request::RequestPut(PutRequest {
            key: key.into(),
            value: vec![7; 256].into(),
            ..Default::default()
        })),
    };
    let fence = Compare {
        result: CompareResult::Equal as i32,
        target: CompareTarget::Create as i32,
        key: "bench/leader".into(),
        target_union: Some(TargetUnion::CreateRevision(0)),
        range_end: Default::default(),
    };
    let success = vec![put(key(number, count)), put(format!("state/{number}"))];
    let request = TxnRequest { compare: vec![fence], success, failure: Vec::new() };
    let response = client.kv.txn(request).await?.into_inner();
    assert!(response.succeeded);
    Ok(())
}
