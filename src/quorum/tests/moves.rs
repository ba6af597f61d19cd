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

/// All are to have new addresses: whoever comes first finds the others where they still are.
#[tokio::test]
async fn all_move_one_after_the_other() {
    let mut cluster = Cluster::up(3).await;
    cluster.client(1).insist("a", "0").await;
    let ports = cluster.slots().into_iter().map(|slot| (slot, Port::reserve()));
    let ports: Vec<_> = ports.collect();
    for (slot, port) in &ports {
        cluster.readdress(*slot, &port.address().to_string());
    }
    for (slot, _) in &ports {
        cluster.stop(*slot).await;
        cluster.start(*slot).await;
        let mut moved = cluster.client(*slot);
        moved.ready().await;
        moved.insist("a", &slot.to_string()).await;
    }
    assert_eq!(cluster.client(1).get("a").await.unwrap().as_deref(), Some("3"));
}

/// What a voter has of another quorum, as from before a restore, is neither taken in nor mixed.
#[tokio::test]
async fn a_voter_of_another_quorum_is_not_taken_in() {
    let mut cluster = Cluster::up(3).await;
    cluster.client(3).insist("a", "old").await;
    for slot in cluster.slots() {
        cluster.stop(slot).await;
    }
    cluster.wipe(1);
    cluster.want(&[1]);
    cluster.start(1).await;
    let mut new = cluster.client(1);
    new.insist("a", "new").await;
    let alone = new.members().await;
    cluster.want(&[1, 3]);
    cluster.start(3).await;
    let mut other = cluster.client(3);
    let serves = async {
        while !matches!(other.get_stale("a").await, Ok(Some(value)) if value == "old") {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, serves).await.expect("it never serves what it has");
    // It asks several times a second.
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(new.members().await, alone);
}
