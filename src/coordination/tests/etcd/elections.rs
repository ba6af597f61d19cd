use crate::kit::{Etcd, elected, put, soon, value_of};
use mesoform_coordination::{Leader, WriteError};
use mesoform_identity::Role;
use std::time::Duration;
use tokio::time::timeout;

#[tokio::test]
async fn leaders_follow_each_other() {
    let Some(etcd) = Etcd::start(1).await else { return };
    let client = etcd.client(Role::Master);
    let mut seen = etcd.client(Role::Agent).observe("master");
    let first = elected(&client, "master", "one", 60).await;
    let shown = soon(seen.wait_for(Option::is_some)).await.unwrap().clone();
    assert_eq!(shown, Some(Leader { revision: first.revision(), value: b"one".to_vec() }));
    let (rival, lost) = (etcd.client(Role::Master), first.lost());
    let second = tokio::spawn(async move { elected(&rival, "master", "two", 60).await });
    let too_early = timeout(Duration::from_millis(500), async {
        while !second.is_finished() {
            tokio::task::yield_now().await
        }
    });
    assert!(too_early.await.is_err(), "one leads at a time");
    soon(first.resign()).await;
    assert!(lost.is_cancelled());
    let second = soon(second).await.unwrap();
    let revision = second.revision();
    let follows =
        |leader: &Option<Leader>| leader.as_ref().is_some_and(|one| one.revision == revision);
    assert_eq!(soon(seen.wait_for(follows)).await.unwrap().as_ref().unwrap().value, b"two");
    put(&second, "/k", "2").await;
    drop(second);
    soon(seen.wait_for(Option::is_none)).await.unwrap();
}

#[tokio::test]
async fn who_stands_by_and_ends_leaves_no_candidate_behind() {
    let Some(etcd) = Etcd::start(1).await else { return };
    let client = etcd.client(Role::Master);
    let leader = elected(&client, "master", "one", 60).await;
    let rival = etcd.client(Role::Master);
    let second = tokio::spawn({
        let rival = rival.clone();
        async move { elected(&rival, "master", "two", 60).await }
    });
    let candidates = async || client.list("/mesoform/election/master/").await.unwrap().0.len();
    soon(async { while candidates().await < 2 {} }).await;
    second.abort();
    assert!(second.await.is_err());
    soon(rival.withdrawn()).await;
    assert_eq!(candidates().await, 1);
    assert!(leader.is_current());
}

#[tokio::test]
async fn a_leader_knows_its_quorum() {
    let Some(etcd) = Etcd::start(1).await else { return };
    let leader = elected(&etcd.client(Role::Master), "master", "one", 60).await;
    let status = etcd.ctl(&["endpoint", "status", "--write-out", "json"]);
    assert!(status.contains(&format!("\"cluster_id\":{}", leader.quorum())), "{status}");
}

#[tokio::test]
async fn elections_are_apart() {
    let Some(etcd) = Etcd::start(1).await else { return };
    let client = etcd.client(Role::Master);
    let master = elected(&client, "master", "m", 60).await;
    let scheduler = elected(&client, "scheduler", "s", 60).await;
    assert!(master.is_current() && scheduler.is_current());
}

#[tokio::test]
async fn a_candidate_that_gives_up_is_out_of_the_way() {
    let Some(etcd) = Etcd::start(1).await else { return };
    let client = etcd.client(Role::Master);
    let first = elected(&client, "master", "one", 60).await;
    let waiting = client.campaign("master", b"quitter".to_vec(), Duration::from_secs(3600));
    assert!(timeout(Duration::from_millis(500), waiting).await.is_err());
    first.resign().await;
    // With the quitter's lease of an hour still there, this would take too long.
    elected(&client, "master", "three", 60).await;
}

#[tokio::test]
async fn who_lost_his_lease_writes_nothing() {
    let Some(etcd) = Etcd::start(1).await else { return };
    let client = etcd.client(Role::Master);
    let leader = elected(&client, "master", "one", 60).await;
    let lease = etcd.ctl(&["lease", "list"]).lines().last().unwrap().to_owned();
    etcd.ctl(&["lease", "revoke", &lease]);
    // Sent before the news could arrive, or after: it makes no difference.
    let refused = leader.write(vec![mesoform_coordination::Op::put("/k", "late")]).await;
    assert!(matches!(refused, Err(WriteError::Deposed)), "{refused:?}");
    assert_eq!(value_of(&client, "/k").await.unwrap(), None);
    soon(leader.lost().cancelled()).await;
    assert!(!leader.is_current());
    let next = elected(&client, "master", "two", 60).await;
    assert!(next.revision() > leader.revision());
}

#[tokio::test]
async fn a_taken_key_deposes() {
    let Some(etcd) = Etcd::start(1).await else { return };
    let leader = elected(&etcd.client(Role::Master), "master", "one", 60).await;
    etcd.ctl(&["del", "--prefix", "/mesoform/election/master/"]);
    soon(leader.lost().cancelled()).await;
}

#[tokio::test]
async fn leases_are_renewed_for_as_long_as_it_takes() {
    let Some(etcd) = Etcd::start(1).await else { return };
    let leader = elected(&etcd.client(Role::Master), "master", "one", 9).await;
    assert!(timeout(Duration::from_secs(21), leader.lost().cancelled()).await.is_err());
    put(&leader, "/k", "still here").await;
}
