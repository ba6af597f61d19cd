use crate::kit::{Etcd, elected, put, since, soon, value_of};
use mesoform_coordination::{CoordinationError, Leadership, Op, Position, WatchEvent, WriteError};
use mesoform_identity::Role;
use std::time::{Duration, Instant};
use tokio_stream::StreamExt;

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn without_the_quorum_a_leader_stands_down_in_time() {
    let Some(etcd) = Etcd::start(1).await else { return };
    let client = etcd.client(Role::Master);
    let leader = elected(&client, "master", "one", 30).await;
    let frozen = Instant::now();
    etcd.freeze(0);
    let unknown = leader.write(vec![Op::put("/k", "1")]).await;
    assert!(matches!(unknown, Err(WriteError::Unknown { .. })), "{unknown:?}");
    soon(leader.lost().cancelled()).await;
    assert!(since(frozen) < 30 * SECOND, "before the lease can end");
    let deposed = leader.write(vec![Op::put("/k", "2")]).await;
    assert!(matches!(deposed, Err(WriteError::Deposed)), "{deposed:?}");
    let error = client.consensus().await.unwrap_err();
    assert!(matches!(error, CoordinationError::Unavailable { .. }), "{error}");
    etcd.thaw(0);
    soon(async { while client.consensus().await.is_err() {} }).await;
    elected(&client, "master", "two", 30).await;
}

#[tokio::test]
async fn what_was_never_sent_is_known_not_to_be_written() {
    let Some(mut etcd) = Etcd::start(1).await else { return };
    let leader = elected(&etcd.client(Role::Master), "master", "one", 60).await;
    etcd.kill(0);
    // The first write may still find the old connection; then its fate is unknown.
    let write = || leader.write(vec![Op::put("/k", "1")]);
    let unavailable = async {
        loop {
            match write().await {
                Err(WriteError::Unavailable { cause }) => return cause,
                Err(WriteError::Unknown { .. }) => {}
                other => panic!("{other:?}"),
            }
        }
    };
    let cause = soon(unavailable).await;
    assert!(cause.contains("refused"), "{cause}");
    etcd.revive(0).await;
    soon(async { while write().await.is_err() {} }).await;
}

#[tokio::test]
async fn a_voter_that_hangs_is_left() {
    let Some(etcd) = Etcd::start(3).await else { return };
    let client = etcd.client(Role::Master);
    for at in 0..3 {
        soon(async { while client.consensus().await.is_err() {} }).await;
        etcd.freeze(at);
        let start = Instant::now();
        soon(async { while client.consensus().await.is_err() {} }).await;
        println!("voter {at} frozen: read again after {:?}", since(start));
        etcd.thaw(at);
    }
}

/// A writer counts on, a reader watches, and each voter dies once: the reader sees every number.
#[tokio::test]
async fn a_watch_misses_nothing_while_voters_die() {
    let Some(mut etcd) = Etcd::start(3).await else { return };
    let (writer, reader) = (etcd.client(Role::Master), etcd.client(Role::Agent));
    let leader = elected(&writer, "master", "one", 120).await;
    let revision = put(&leader, "/count", "start").await;
    let from = Position { quorum: leader.quorum(), revision }.next();
    let mut watch = reader.watch("/count", from);
    let (count, mut counted) = tokio::sync::watch::channel(0);
    let writing = tokio::spawn(write_numbers(leader, count));
    for at in 0..3 {
        etcd.kill(at);
        some_more(&mut counted).await;
        etcd.revive(at).await;
        some_more(&mut counted).await;
    }
    drop(counted);
    let written = soon(writing).await.unwrap();
    let last = written.last().unwrap().0;
    let mut seen = Vec::new();
    while seen.last().is_none_or(|(revision, _)| *revision < last) {
        match soon(watch.next()).await.unwrap() {
            WatchEvent::Put(entry) => {
                seen.push((entry.mod_revision, String::from_utf8(entry.value).unwrap()));
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(seen.is_sorted_by(|a, b| a.0 < b.0), "in order, none twice");
    let missed: Vec<_> = written.iter().filter(|one| !seen.contains(one)).collect();
    assert!(missed.is_empty(), "{missed:?}");
    println!("{} numbers written, {} seen", written.len(), seen.len());
}

async fn some_more(counted: &mut tokio::sync::watch::Receiver<u32>) {
    let goal = *counted.borrow() + 30;
    soon(counted.wait_for(|count| *count >= goal)).await.unwrap();
}

/// Writes one number after another until nobody counts them any more. Returns those that are known to
/// be written, with their revisions; others may be.
async fn write_numbers(
    leader: Leadership,
    count: tokio::sync::watch::Sender<u32>,
) -> Vec<(i64, String)> {
    let mut written = Vec::new();
    for n in 1.. {
        if count.is_closed() {
            break;
        }
        match leader.write(vec![Op::put("/count", n.to_string())]).await {
            Ok(revision) => {
                written.push((revision, n.to_string()));
                count.send_modify(|count| *count += 1);
            }
            Err(WriteError::Unknown { .. } | WriteError::Unavailable { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
    written
}

#[tokio::test]
async fn a_leader_survives_the_loss_of_a_voter() {
    let Some(mut etcd) = Etcd::start(3).await else { return };
    let client = etcd.client(Role::Master);
    let leader = elected(&client, "master", "one", 120).await;
    for at in 0..3 {
        etcd.kill(at);
        let write = async {
            while let Err(error) = leader.write(vec![Op::put("/k", at.to_string())]).await {
                assert!(!matches!(error, WriteError::Deposed), "{error}");
            }
        };
        soon(write).await;
        assert_eq!(value_of(&client, "/k").await.unwrap(), Some(at.to_string()));
        etcd.revive(at).await;
    }
    assert!(leader.is_current());
}
