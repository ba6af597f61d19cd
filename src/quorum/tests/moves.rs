//! Voters get other addresses and names while the quorum serves, one after the other, as `up` does it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "these are tests")]

#[allow(dead_code, unused_imports)]
mod common;

use common::{Client, Cluster, PATIENCE, Port};
use mesoform_etcd::pb::MoveLeaderRequest;
use std::time::Duration;

/// Has the voter in `slot` lead.
async fn make_lead(cluster: &Cluster, slot: u8) {
    let led = async {
        loop {
            let leader = cluster.leader(slot).await;
            if leader == slot {
                return;
            }
            let mut asked = cluster.client(leader);
            let name = format!("h{slot}");
            let target_id = asked.members().await.iter().find(|m| m.name == name).unwrap().id;
            let _ = asked.maintenance.move_leader(MoveLeaderRequest { target_id }).await;
        }
    };
    tokio::time::timeout(PATIENCE, led).await.expect("it never leads");
}

async fn peer_of(asked: &mut Client, slot: u8) -> String {
    let name = format!("h{slot}");
    let members = asked.members().await;
    members.iter().find(|member| member.name == name).unwrap().peer_urls.concat()
}

/// The leader's settings have neither the new address nor its own new name: only what the one that moved
/// says can bring the two together.
#[tokio::test]
async fn one_moves_that_the_leader_cannot_find() {
    let mut cluster = Cluster::up(3).await;
    cluster.client(2).ready().await;
    cluster.stop(2).await;
    make_lead(&cluster, 3).await;
    let port = Port::reserve();
    cluster.readdress(2, &port.address().to_string());
    cluster.rename(3, "another");
    cluster.start(2).await;
    let mut moved = cluster.client(2);
    moved.ready().await;
    moved.insist("a", "1").await;
    assert!(peer_of(&mut moved, 2).await.ends_with(&port.address().to_string()));
}

/// A voter that has crashed comes back with settings of before.
#[tokio::test]
async fn settings_may_be_older_than_the_log() {
    let mut cluster = Cluster::up(3).await;
    cluster.client(2).ready().await;
    cluster.stop(2).await;
    let port = Port::reserve();
    let before = cluster.readdress(2, &port.address().to_string());
    cluster.start(2).await;
    let mut moved = cluster.client(2);
    moved.ready().await;
    let readdressed = async {
        while !peer_of(&mut moved, 2).await.ends_with(&port.address().to_string()) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, readdressed).await.expect("nobody learns its address");
    cluster.readdress(2, &before);
    for slot in [1, 3] {
        cluster.kill(slot);
        cluster.start(slot).await;
        cluster.client(slot).ready().await;
    }
    make_lead(&cluster, 2).await;
    cluster.client(1).insist("a", "1").await;
    make_lead(&cluster, 3).await;
    cluster.client(2).insist("a", "2").await;
    cluster.kill(1);
    let mut left = cluster.client(3);
    left.insist("a", "3").await;
    assert_eq!(left.get("a").await.unwrap().as_deref(), Some("3"));
}
