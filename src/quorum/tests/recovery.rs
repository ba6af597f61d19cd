//! Backups, and what a quorum begins again from.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "these are tests")]

#[allow(dead_code, unused_imports)]
mod common;

use common::{Client, Cluster, PATIENCE};
use mesoform_etcd::pb::{MemberPromoteRequest, SnapshotRequest};
use std::fs::File;
use std::io::{Seek, Write};
use std::time::Duration;

/// As `etcdctl snapshot save`.
async fn save(client: &mut Client) -> File {
    let mut file = tempfile::tempfile().unwrap();
    let mut stream = client.maintenance.snapshot(SnapshotRequest {}).await.unwrap().into_inner();
    while let Some(chunk) = stream.message().await.unwrap() {
        file.write_all(&chunk.blob).unwrap();
    }
    file
}

/// Waits until so many vote, promoting whoever may be.
async fn grown(client: &mut Client, voters: usize) {
    let grown = async {
        loop {
            let members = client.members().await;
            if members.iter().filter(|member| !member.is_learner).count() == voters {
                return;
            }
            for member in members.iter().filter(|member| member.is_learner) {
                // One that is not in sync is refused.
                let _ = client.cluster.member_promote(MemberPromoteRequest { id: member.id }).await;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, grown).await.expect("it does not grow");
}

#[tokio::test]
async fn a_quorum_begins_again_from_a_backup() {
    let mut cluster = Cluster::up(3).await;
    let mut client = cluster.client(1);
    client.ready().await;
    let lease = client.grant(600).await.unwrap();
    client.put("kept", "1").await.unwrap();
    let mut saved_at = client.put("kept", "2").await.unwrap();
    let held = mesoform_etcd::pb::PutRequest {
        key: common::b("held"),
        value: common::b("x"),
        lease,
        ..Default::default()
    };
    saved_at = client.put_with(held).await.unwrap().max(saved_at);
    let mut backup = save(&mut client).await;
    let about = mesoform_quorum::check_backup(&mut backup).unwrap();
    assert_eq!((about.revision, about.cluster.as_str()), (saved_at, "test"));
    let lost = client.put("lost", "after the backup").await.unwrap();
    let old = client.status().await.header.unwrap();
    for slot in cluster.slots() {
        cluster.stop(slot).await;
        cluster.wipe(slot);
    }

    backup.rewind().unwrap();
    let seeded = mesoform_quorum::stage(&cluster.settings(1), &mut backup).unwrap();
    mesoform_quorum::begin(&cluster.settings(1), false).unwrap();
    for slot in cluster.slots() {
        cluster.start(slot).await;
    }
    let mut client = cluster.client(1);
    client.ready().await;
    grown(&mut client, 3).await;
    let mut other = cluster.client(3);
    other.ready().await;
    assert_eq!(other.get("kept").await.unwrap().as_deref(), Some("2"));
    assert_eq!(other.get("lost").await.unwrap(), None);
    // Another quorum, whose revisions were never seen before.
    let new = other.status().await.header.unwrap();
    assert_eq!(new.cluster_id, seeded.cluster_id);
    assert_ne!(new.cluster_id, old.cluster_id);
    let next = other.put("next", "1").await.unwrap();
    assert!(next > lost + 1_000_000, "{next} {lost}");
    // Whoever watched from before hears that he must begin anew, and who was there must say so again.
    let mut watch = other.watch("kept", lost).await;
    let told = watch.next().await;
    assert!(told.canceled && told.compact_revision >= seeded.revision, "{told:?}");
    assert_eq!(other.time_to_live(lease).await.unwrap(), -1);
    assert_eq!(other.get("held").await.unwrap(), None);
}

#[tokio::test]
async fn one_voter_of_three_begins_again_alone() {
    let mut cluster = Cluster::up(3).await;
    let mut client = cluster.client(2);
    client.ready().await;
    for n in 0..50 {
        client.insist(&format!("k{n}"), "v").await;
    }
    cluster.client(1).ready().await;
    for slot in cluster.slots() {
        cluster.kill(slot);
    }
    let settings = cluster.settings(2);
    let staged = async {
        loop {
            match mesoform_quorum::stage_own(&settings) {
                Ok(_) => return,
                // The one that was killed has not let go yet.
                Err(error) => eprintln!("{error}"),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, staged).await.expect("it is not prepared");
    let error = mesoform_quorum::begin(&settings, false).unwrap_err().to_string();
    assert!(error.contains("--overwrite"), "{error}");
    mesoform_quorum::begin(&settings, true).unwrap().unwrap();
    cluster.start(2).await;
    let mut client = cluster.client(2);
    client.ready().await;
    assert_eq!(client.members().await.len(), 1);
    assert_eq!(client.count().await.unwrap(), 50);
    // The others begin anew with it.
    for slot in [1, 3] {
        mesoform_quorum::put_aside(&cluster.settings(slot)).unwrap().unwrap();
        cluster.start(slot).await;
    }
    grown(&mut client, 3).await;
    cluster.kill(2);
    let mut client = cluster.client(1);
    client.insist("after", "1").await;
    assert_eq!(client.count().await.unwrap(), 51);
}
