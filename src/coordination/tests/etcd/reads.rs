use crate::kit::{Etcd, elected, put, soon, value_of};
use mesoform_coordination::{Op, Position, WatchEvent, WriteError};
use mesoform_identity::Role;
use tokio_stream::StreamExt;

#[tokio::test]
async fn what_a_leader_writes_all_can_read() {
    let Some(etcd) = Etcd::start(1).await else { return };
    let (master, agent) = (etcd.client(Role::Master), etcd.client(Role::Agent));
    let leader = elected(&master, "master", "h1", 60).await;
    let at = put(&leader, "/mesoform/master/a", "1").await;
    let entry = agent.get("/mesoform/master/a").await.unwrap().unwrap();
    assert_eq!((entry.value.as_slice(), entry.mod_revision), (&b"1"[..], at));
    assert_eq!(etcd.ctl(&["get", "--print-value-only", "/mesoform/master/a"]), "1\n");
    let all = vec![
        Op::put("/mesoform/master/b/1", "x"),
        Op::put("/mesoform/master/b/2", "y"),
        Op::delete("/mesoform/master/a"),
    ];
    leader.write(all).await.unwrap();
    assert_eq!(value_of(&agent, "/mesoform/master/a").await.unwrap(), None);
    let prefix = "/mesoform/master/b/".to_owned();
    leader.write(vec![Op::DeletePrefix { prefix }]).await.unwrap();
    assert!(agent.list("/mesoform/master/").await.unwrap().0.is_empty());
}

#[tokio::test]
async fn a_long_list_comes_whole_and_of_one_revision() {
    let Some(etcd) = Etcd::start(1).await else { return };
    let client = etcd.client(Role::Master);
    let leader = elected(&client, "master", "h1", 60).await;
    for batch in 0..11 {
        let key = |n| format!("/mesoform/master/{:05}", batch * 100 + n);
        leader.write((0..100).map(|n| Op::put(key(n), "x")).collect()).await.unwrap();
    }
    let (entries, at) = client.list("/mesoform/master/").await.unwrap();
    assert_eq!(entries.len(), 1100);
    assert!(entries.is_sorted_by(|a, b| a.key < b.key));
    assert_eq!(Some(at.revision), entries.iter().map(|entry| entry.mod_revision).max());
}

#[tokio::test]
async fn a_watch_shows_changes_in_order_from_a_revision_on() {
    let Some(etcd) = Etcd::start(1).await else { return };
    let client = etcd.client(Role::Master);
    let leader = elected(&client, "master", "h1", 60).await;
    let first = put(&leader, "/w/a", "1").await;
    let mut now = client.watch("/w/", Position::NOW);
    let mut past = client.watch("/w/", Position { quorum: leader.quorum(), revision: first });
    let deleted = leader.write(vec![Op::delete("/w/a")]).await.unwrap();
    put(&leader, "/other", "unseen").await;
    put(&leader, "/w/b", "2").await;
    let made = soon(past.next()).await.unwrap();
    assert!(matches!(made, WatchEvent::Put(entry) if entry.key == "/w/a"));
    let gone = WatchEvent::Delete { key: "/w/a".into(), revision: deleted };
    assert_eq!(soon(past.next()).await.unwrap(), gone);
    let last = soon(past.next()).await.unwrap();
    assert!(matches!(&last, WatchEvent::Put(entry) if entry.value == b"2"), "{last:?}");
    // "From now" begins some time after the call: only its last event is certain.
    while soon(now.next()).await.unwrap() != last {}
}

#[tokio::test]
async fn what_was_compacted_must_be_listed_again() {
    let Some(etcd) = Etcd::start(1).await else { return };
    let client = etcd.client(Role::Master);
    let leader = elected(&client, "master", "h1", 60).await;
    let first = put(&leader, "/w/a", "1").await;
    let last = put(&leader, "/w/a", "2").await;
    etcd.ctl(&["compact", &last.to_string()]);
    let mut watch = client.watch("/w/", Position { quorum: leader.quorum(), revision: first });
    assert_eq!(soon(watch.next()).await, Some(WatchEvent::Compacted { revision: last }));
    assert_eq!(soon(watch.next()).await, None);
    assert!(leader.is_current() && !leader.lost().is_cancelled());
}

#[tokio::test]
async fn what_the_quorum_does_not_take_is_refused() {
    let Some(etcd) = Etcd::start(1).await else { return };
    let leader = elected(&etcd.client(Role::Master), "master", "h1", 60).await;
    let too_many = (0..129).map(|n| Op::put(format!("/k/{n}"), "")).collect();
    let refused = leader.write(too_many).await;
    assert!(matches!(refused, Err(WriteError::TooManyOps { ops: 129, .. })));
    let twice = leader.write(vec![Op::put("/k", "1"), Op::put("/k", "2")]).await;
    assert!(matches!(twice, Err(WriteError::Refused { .. })), "{twice:?}");
}

#[tokio::test]
async fn a_server_that_is_no_voter_is_not_trusted() {
    let Some(etcd) = Etcd::start_as(1, Role::Agent).await else { return };
    // etcd itself is fine: another client gets through to it.
    soon(async { while etcd.try_ctl(&["endpoint", "health"]).is_err() {} }).await;
    let error = etcd.client(Role::Master).consensus().await.unwrap_err().to_string();
    assert!(error.contains("certificate"), "{error}");
}

/// Two masters are asked at once for the same.
#[tokio::test]
async fn whoever_claims_first_stays() {
    let Some(etcd) = Etcd::start(1).await else { return };
    let (one, other) = (etcd.client(Role::Master), etcd.client(Role::Master));
    assert_eq!(one.claim("/t/old", b"0".to_vec(), Vec::new()).await.unwrap(), None);
    let both = tokio::join!(
        one.claim("/t/a", b"1".to_vec(), vec!["/t/old".into()]),
        other.claim("/t/a", b"2".to_vec(), vec!["/t/old".into()]),
    );
    let found = [both.0.unwrap(), both.1.unwrap()];
    assert_eq!(found.iter().flatten().count(), 1, "{found:?}");
    let first = one.get("/t/a").await.unwrap().unwrap();
    assert_eq!(found.iter().flatten().next(), Some(&first));
    assert_eq!(one.get("/t/old").await.unwrap(), None);
    // The same again finds itself.
    let again = other.claim("/t/a", first.value.clone(), Vec::new()).await.unwrap();
    assert_eq!(again, Some(first));
}
