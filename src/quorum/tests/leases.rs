//! A lease that is alive is told to be, whoever leads.

// Helpers of tests, though not themselves marked as such.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[allow(dead_code)]
mod common;

use common::{Client, Cluster, PATIENCE};
use mesoform_etcd::pb::MoveLeaderRequest;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// Far longer than this test takes.
const TTL: i64 = 3600;
const MOVES: usize = 12;

/// Asks for a lease's time, and renews it, until it is told to stop: whatever is answered, it lives.
async fn ask(mut client: Client, lease: i64, over: Arc<AtomicBool>, answers: Arc<AtomicUsize>) {
    while !over.load(Ordering::SeqCst) {
        if let Ok(left) = client.time_to_live(lease).await {
            assert!((TTL / 2..=TTL).contains(&left), "a live lease is told to have {left} s left");
            answers.fetch_add(1, Ordering::SeqCst);
        }
        if let Ok(ttl) = client.keep_alive(lease).await {
            assert_eq!(ttl, TTL, "a live lease is told to be gone when it is renewed");
            answers.fetch_add(1, Ordering::SeqCst);
        }
    }
}

/// Has another voter lead, which may take a few attempts.
async fn move_on(cluster: &Cluster) {
    let moved = async {
        loop {
            let leader = cluster.leader(1).await;
            let mut client = cluster.client(leader);
            let members = client.members().await;
            let next = members.iter().find(|member| member.name != format!("h{leader}")).unwrap();
            let request = MoveLeaderRequest { target_id: next.id };
            if client.maintenance.move_leader(request).await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, moved).await.expect("the leader does not move");
}

#[tokio::test]
async fn no_leader_tells_a_live_lease_as_gone() {
    let cluster = Cluster::up(3).await;
    let mut client = cluster.client(1);
    client.ready().await;
    let lease = client.grant(TTL).await.unwrap();
    let (over, answers) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let mut asking = tokio::task::JoinSet::new();
    for slot in cluster.slots() {
        // Several at each, so that one comes just when a voter begins to lead.
        for _ in 0..4 {
            asking.spawn(ask(cluster.client(slot), lease, over.clone(), answers.clone()));
        }
    }
    for _ in 0..MOVES {
        move_on(&cluster).await;
    }
    over.store(true, Ordering::SeqCst);
    asking.join_all().await;
    assert!(answers.load(Ordering::SeqCst) > 0);
}
