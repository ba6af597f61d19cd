//! Another voter is made the leader, and what is said when there is none.

// Helpers of tests, though not themselves marked as such.
#![allow(clippy::unwrap_used)]

#[allow(dead_code)]
mod common;

use common::{Client, Cluster};
use mesoform_etcd::pb::MoveLeaderRequest;
use std::time::{Duration, Instant};
use tonic::{Code, Status};

/// Far longer than a hand-over takes, so that one can be told from an election.
const ELECTION: Duration = Duration::from_secs(4);

/// The leader, and one that follows.
async fn roles(cluster: &Cluster) -> (u8, u8) {
    let leader = cluster.leader(1).await;
    let follower = if leader == 1 { 2 } else { 1 };
    cluster.client(follower).ready().await;
    (leader, follower)
}

async fn id_of(client: &mut Client, slot: u8) -> u64 {
    let members = client.members().await;
    members.iter().find(|member| member.name == format!("h{slot}")).unwrap().id
}

async fn move_leader(client: &mut Client, target_id: u64) -> Result<(), Status> {
    client.maintenance.move_leader(MoveLeaderRequest { target_id }).await.map(|_| ())
}

#[tokio::test]
async fn a_leader_that_stops_hands_over_first() {
    let mut cluster = Cluster::slow(3, ELECTION).await;
    let (leader, follower) = roles(&cluster).await;
    let mut client = cluster.client(follower);
    let writing = tokio::spawn(async move {
        let (mut longest, mut written) = (Duration::ZERO, Vec::new());
        let end = Instant::now() + ELECTION;
        while Instant::now() < end {
            let (key, began) = (format!("k{}", written.len()), Instant::now());
            client.put(&key, "v").await.unwrap();
            longest = longest.max(began.elapsed());
            written.push(key);
        }
        (longest, written)
    });
    cluster.stop(leader).await;
    let (longest, written) = writing.await.unwrap();
    assert!(longest < ELECTION / 2, "a put took {longest:?}");
    let mut client = cluster.client(follower);
    assert_eq!(client.count().await.unwrap(), i64::try_from(written.len()).unwrap());
}

#[tokio::test]
async fn the_leader_moves_where_it_is_told_to() {
    let cluster = Cluster::slow(3, ELECTION).await;
    let (leader, follower) = roles(&cluster).await;
    let mut client = cluster.client(leader);
    let target = id_of(&mut client, follower).await;
    let revision = client.put("a", "1").await.unwrap();
    let began = Instant::now();
    move_leader(&mut client, target).await.unwrap();
    assert!(began.elapsed() < ELECTION / 2, "it took {:?}", began.elapsed());
    assert_eq!(cluster.client(follower).status().await.leader, target);
    assert_eq!(client.put("a", "2").await.unwrap(), revision + 1);
    let own = id_of(&mut client, leader).await;
    let refused = move_leader(&mut client, own).await.unwrap_err();
    assert_eq!(
        (refused.code(), refused.message()),
        (Code::FailedPrecondition, "etcdserver: not leader")
    );
    let mut leading = cluster.client(follower);
    let refused = move_leader(&mut leading, 1).await.unwrap_err();
    assert_eq!(
        (refused.code(), refused.message()),
        (Code::FailedPrecondition, "etcdserver: bad leader transferee")
    );
    move_leader(&mut leading, target).await.unwrap();
    move_leader(&mut leading, own).await.unwrap();
}

#[tokio::test]
async fn leases_keep_their_time_when_the_leader_moves() {
    let cluster = Cluster::slow(3, ELECTION).await;
    let (leader, follower) = roles(&cluster).await;
    let mut client = cluster.client(leader);
    let lease = client.grant(14).await.unwrap();
    let target = id_of(&mut client, follower).await;
    move_leader(&mut client, target).await.unwrap();
    // The new leader starts its time anew.
    assert!(client.time_to_live(lease).await.unwrap() >= 12);
}

#[tokio::test]
async fn watches_hear_all_once_and_in_order_while_leaders_change() {
    let mut cluster = Cluster::up(3).await;
    let (leader, follower) = roles(&cluster).await;
    let mut writer = cluster.client(follower);
    let first = writer.put("w", "first").await.unwrap();
    let mut watch = writer.watch("w", first).await;
    let puts = 60;
    let writing = tokio::spawn(async move {
        for n in 0..puts {
            writer.insist("w", &n.to_string()).await;
        }
        writer
    });
    // One leader hands over, the next one dies.
    let mut client = cluster.client(leader);
    let target = id_of(&mut client, follower).await;
    move_leader(&mut client, target).await.unwrap();
    let mut client = cluster.client(follower);
    let back = id_of(&mut client, leader).await;
    move_leader(&mut client, back).await.unwrap();
    cluster.kill(leader);
    let mut writer = writing.await.unwrap();
    let last = writer.put("w", "last").await.unwrap();
    let mut heard = Vec::new();
    while heard.last().is_none_or(|revision| *revision != last) {
        let events = watch.next().await.events;
        heard.extend(events.iter().map(|event| event.kv.as_ref().unwrap().mod_revision));
    }
    // Nothing else was written, so every revision is one of them: all, once, in order.
    assert_eq!(heard, (first..=last).collect::<Vec<_>>());
    assert!(heard.len() > puts);
    let mut again = writer.watch("w", first + 10).await;
    assert!(again.events(1).await[0].ends_with(&format!("@{}", first + 10)));
}

#[tokio::test]
async fn a_leader_without_a_majority_says_so_soon() {
    let mut cluster = Cluster::up(3).await;
    let (leader, follower) = roles(&cluster).await;
    let mut client = cluster.client(leader);
    client.put("a", "1").await.unwrap();
    for slot in cluster.slots().into_iter().filter(|slot| *slot != leader) {
        cluster.kill(slot);
    }
    let began = Instant::now();
    let first = client.put("a", "2").await.unwrap_err();
    assert_eq!(first.code(), Code::Unavailable, "{first}");
    assert!(began.elapsed() < Duration::from_secs(4), "it took {:?}", began.elapsed());
    let began = Instant::now();
    let second = client.put("a", "3").await.unwrap_err();
    assert_eq!(second.message(), "etcdserver: no leader");
    assert!(began.elapsed() < Duration::from_secs(5), "it took {:?}", began.elapsed());
    cluster.start(follower).await;
    client.insist("b", "1").await;
}

#[tokio::test]
async fn a_follower_without_a_majority_says_so_soon() {
    let mut cluster = Cluster::up(3).await;
    let (_, follower) = roles(&cluster).await;
    let mut client = cluster.client(follower);
    client.put("a", "1").await.unwrap();
    for slot in cluster.slots().into_iter().filter(|slot| *slot != follower) {
        cluster.kill(slot);
    }
    let began = Instant::now();
    let first = client.put("a", "2").await.unwrap_err();
    assert_eq!(first.code(), Code::Unavailable, "{first}");
    assert!(began.elapsed() < Duration::from_secs(5), "it took {:?}", began.elapsed());
}
