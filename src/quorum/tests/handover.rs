//! Another voter is made the leader, and what is said when there is none.

// Helpers of tests, though not themselves marked as such.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

#[allow(dead_code, unused_imports)]
mod common;

use common::{Client, Cluster, PATIENCE};
use mesoform_etcd::pb::MoveLeaderRequest;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tonic::{Code, Status};

/// Far longer than a hand-over takes, also on a slow machine, so that one can be told from an election.
const ELECTION: Duration = Duration::from_secs(15);

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

/// Makes a voter the leader: again where that fails, since a hand-over has little time, and a machine that
/// is busy may not have it. How long the last attempt took.
async fn moved(cluster: &Cluster, to: u8) -> Duration {
    let moved = async {
        loop {
            let mut leader = cluster.client(cluster.leader(to).await);
            let target = id_of(&mut leader, to).await;
            let began = Instant::now();
            match move_leader(&mut leader, target).await {
                Ok(()) => return began.elapsed(),
                Err(status) => eprintln!("again: {status}"),
            }
        }
    };
    tokio::time::timeout(PATIENCE, moved).await.expect("it never leads")
}

/// It has little time for that: where the machine is busy it may not succeed at once.
#[tokio::test]
async fn a_leader_that_stops_hands_over_first() {
    let mut puts = Vec::new();
    while puts.len() < 5 {
        match stopped_leader().await {
            Ok(longest) if longest < ELECTION / 2 => return,
            other => puts.push(other),
        }
    }
    panic!("the longest puts: {puts:?}");
}

/// Stops the leader while somebody writes. The longest that a put took, or why one failed.
async fn stopped_leader() -> Result<Duration, Status> {
    let mut cluster = Cluster::slow(3, ELECTION).await;
    let (leader, follower) = roles(&cluster).await;
    let mut client = cluster.client(follower);
    let is_over = Arc::new(AtomicBool::new(false));
    let over = is_over.clone();
    let writing = tokio::spawn(async move {
        let (mut longest, mut written) = (Duration::ZERO, 0);
        loop {
            let last = over.load(Ordering::SeqCst);
            let began = Instant::now();
            client.put(&format!("k{written}"), "v").await?;
            longest = longest.max(began.elapsed());
            written += 1;
            if last {
                return Ok::<_, Status>((longest, written));
            }
        }
    });
    cluster.stop(leader).await;
    is_over.store(true, Ordering::SeqCst);
    let (longest, written) = writing.await.unwrap()?;
    let mut client = cluster.client(follower);
    client.ready().await;
    assert_eq!(client.count().await.unwrap(), written);
    Ok(longest)
}

#[tokio::test]
async fn the_leader_moves_where_it_is_told_to() {
    let cluster = Cluster::slow(3, ELECTION).await;
    let (leader, follower) = roles(&cluster).await;
    let mut client = cluster.client(leader);
    let target = id_of(&mut client, follower).await;
    let revision = client.put("a", "1").await.unwrap();
    let took = moved(&cluster, follower).await;
    assert!(took < ELECTION / 2, "it took {took:?}");
    // It says so when a majority has answered it, a moment after it was elected.
    assert_eq!(cluster.leader(follower).await, follower);
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
    // Who leads already may be told to.
    move_leader(&mut leading, target).await.unwrap();
    moved(&cluster, leader).await;
    assert_eq!(cluster.leader(leader).await, leader);
}

#[tokio::test]
async fn leases_keep_their_time_when_the_leader_moves() {
    let cluster = Cluster::slow(3, ELECTION).await;
    let (leader, follower) = roles(&cluster).await;
    let mut client = cluster.client(leader);
    let lease = client.grant(600).await.unwrap();
    moved(&cluster, follower).await;
    // The new leader starts its time anew.
    assert!(client.time_to_live(lease).await.unwrap() >= 540);
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
    moved(&cluster, follower).await;
    moved(&cluster, leader).await;
    cluster.kill(leader);
    let mut writer = writing.await.unwrap();
    writer.insist("w", "last").await;
    let last = writer.status().await.header.unwrap().revision;
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
    client.hears_of_no_leader("a").await;
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
    client.hears_of_no_leader("a").await;
}

/// Its host says that nobody listens where it did: then nobody waits for an election's time-out.
#[tokio::test]
async fn a_leader_whose_process_is_gone_is_followed_at_once() {
    let mut cluster = Cluster::slow(3, ELECTION).await;
    for _ in 0..5 {
        let (leader, follower) = roles(&cluster).await;
        for slot in cluster.slots() {
            cluster.client(slot).ready().await;
        }
        let mut client = cluster.client(follower);
        let began = Instant::now();
        cluster.kill(leader);
        while client.put("a", "1").await.is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        if began.elapsed() < ELECTION {
            return;
        }
        // A busy machine may not have had the time: then the leader was given up for its silence.
        cluster.start(leader).await;
    }
    panic!("nobody follows before the time-out");
}
