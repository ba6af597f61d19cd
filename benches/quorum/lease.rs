use crate::client::Client;
use crate::cluster::Cluster;
use futures::stream::{self, StreamExt};
use mesoform_etcd::pb::{LeaseGrantRequest, LeaseKeepAliveRequest, LeaseRevokeRequest};
use std::time::Instant;

const LEASES: usize = 10_000;
/// Each keeps its share of the leases on one stream.
const CLIENTS: usize = 16;
/// Of each client; etcd turns clients away above some thousands in all.
const AT_ONCE: usize = 64;
const TTL: i64 = 600;

pub struct Leases {
    pub grants_per_second: f64,
    pub keep_alives_per_second: f64,
}

/// Grants leases, keeps all of them alive once, and gives them back.
pub async fn leases(cluster: &Cluster) -> Leases {
    let clients = cluster.connections(CLIENTS).await;
    let begin = Instant::now();
    let granting = clients.iter().map(|client| grant(client.clone()));
    let granted = futures::future::join_all(granting).await;
    let grants = begin.elapsed().as_secs_f64();
    let begin = Instant::now();
    let kept = clients.iter().zip(&granted).map(|(client, ids)| keep(client.clone(), ids.clone()));
    futures::future::join_all(kept).await;
    let keep_alives = begin.elapsed().as_secs_f64();
    let back = clients.iter().zip(granted).map(|(client, ids)| revoke(client.clone(), ids));
    futures::future::join_all(back).await;
    Leases {
        grants_per_second: LEASES as f64 / grants,
        keep_alives_per_second: LEASES as f64 / keep_alives,
    }
}

async fn grant(client: Client) -> Vec<i64> {
    let asked = (0..LEASES / CLIENTS).map(|_| {
        let mut client = client.clone();
        async move {
            let request = LeaseGrantRequest { ttl: TTL, id: 0 };
            client.lease.lease_grant(request).await.unwrap().into_inner().id
        }
    });
    stream::iter(asked).buffer_unordered(AT_ONCE).collect().await
}

async fn keep(mut client: Client, ids: Vec<i64>) {
    let count = ids.len();
    let requests = tokio_stream::iter(ids.into_iter().map(|id| LeaseKeepAliveRequest { id }));
    let mut answers = client.lease.lease_keep_alive(requests).await.unwrap().into_inner();
    for n in 0..count {
        let answer = answers.message().await.unwrap();
        let answer = answer.unwrap_or_else(|| panic!("only {n} answers"));
        assert!(answer.ttl > 0, "a lease has run out");
    }
}

async fn revoke(client: Client, ids: Vec<i64>) {
    let asked = ids.into_iter().map(|id| {
        let mut client = client.clone();
        async move { client.lease.lease_revoke(LeaseRevokeRequest { id }).await.unwrap() }
    });
    stream::iter(asked).buffer_unordered(AT_ONCE).for_each(|_| std::future::ready(())).await;
}
