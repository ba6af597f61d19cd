//! An etcd that is not mesoform's in the quorum's place: its certificates carry no roles, others may use
//! it too, and it may be too old.

use crate::kit::{Etcd, Pki, elected, put, soon, value_of};
use mesoform_coordination::{Coordination, CoordinationError, Position, WatchEvent};
use mesoform_identity::Role;
use mesoform_settings::{EtcdClient, EtcdSettings, EtcdTls, QuorumClientSettings};
use std::time::Duration;
use tokio_stream::StreamExt;

const TTL: Duration = Duration::from_secs(10);

/// How `etcd`, whose certificates are no voter's, is met by whoever keeps to `prefix`.
fn settings(etcd: &Etcd, prefix: &str) -> QuorumClientSettings {
    let files = etcd.pki.paths(Role::Operator);
    let client = EtcdClient { cert: files.cert, key: files.key };
    let tls = Some(EtcdTls { ca: files.ca, client: Some(client) });
    let etcd_settings = EtcdSettings { prefix: prefix.to_owned(), tls };
    QuorumClientSettings { etcd: Some(etcd_settings), ..etcd.settings() }
}

/// A part of the cluster whose certificates are `pki`'s.
fn part_of(pki: &Pki, settings: &QuorumClientSettings) -> Coordination {
    Coordination::connect(settings, &pki.identity(Role::Master)).unwrap()
}

async fn in_consensus(client: Coordination) -> Coordination {
    soon(async { while client.consensus().await.is_err() {} }).await;
    client
}

#[tokio::test]
async fn an_etcd_of_others_serves_and_all_keys_lie_below_the_prefix() {
    let Some(mut etcd) = Etcd::start_as(3, Role::Agent).await else { return };
    let cluster = Pki::new();
    let client = in_consensus(part_of(&cluster, &settings(&etcd, "/demo"))).await;
    let leader = elected(&client, "master", "h1", 30).await;
    let mut seen = client.observe("master");
    let shown = soon(seen.wait_for(Option::is_some)).await.unwrap().clone().unwrap();
    assert_eq!(shown.revision, leader.revision());
    let first = put(&leader, "/mesoform/master/a", "1").await;
    assert_eq!(value_of(&client, "/mesoform/master/a").await.unwrap().as_deref(), Some("1"));
    let (entries, at) = client.list("/mesoform/master/").await.unwrap();
    assert_eq!(entries.iter().map(|e| e.key.as_str()).collect::<Vec<_>>(), ["/mesoform/master/a"]);
    let mut watch = client.watch("/mesoform/master/", Position { revision: first, ..at });
    let made = soon(watch.next()).await.unwrap();
    assert!(matches!(made, WatchEvent::Put(entry) if entry.key == "/mesoform/master/a"));
    let prefix = "/mesoform/master/".to_owned();
    let gone =
        leader.write(vec![mesoform_coordination::Op::DeletePrefix { prefix }]).await.unwrap();
    let gone = WatchEvent::Delete { key: "/mesoform/master/a".into(), revision: gone };
    assert_eq!(soon(watch.next()).await.unwrap(), gone);
    let keys = etcd.ctl(&["get", "--prefix", "--keys-only", ""]);
    let keys: Vec<&str> = keys.lines().filter(|line| !line.is_empty()).collect();
    assert!(
        keys.len() >= 2 && keys.iter().all(|key| key.starts_with("/demo/mesoform/")),
        "{keys:?}"
    );

    etcd.kill(0);
    soon(async { while leader.write(vec![]).await.is_err() && leader.is_current() {} }).await;
    let next = in_consensus(part_of(&cluster, &settings(&etcd, "/demo"))).await;
    assert_eq!(value_of(&next, "/mesoform/master/a").await.unwrap(), None);
}

#[tokio::test]
async fn two_clusters_share_an_etcd_and_do_not_see_each_other() {
    let Some(etcd) = Etcd::start_as(1, Role::Agent).await else { return };
    let [one, two] = ["/one", "/two"].map(|prefix| part_of(&Pki::new(), &settings(&etcd, prefix)));
    let (one, two) = (in_consensus(one).await, in_consensus(two).await);
    let (first, second) =
        (elected(&one, "master", "m1", 30).await, elected(&two, "master", "m2", 30).await);
    put(&first, "/mesoform/master/a", "1").await;
    assert!(first.is_current() && second.is_current());
    assert!(two.list("/mesoform/master/").await.unwrap().0.is_empty());
}

#[tokio::test]
async fn keys_of_another_cluster_of_the_same_name_are_left_alone() {
    let Some(etcd) = Etcd::start_as(1, Role::Agent).await else { return };
    let (first, second) = (Pki::new(), Pki::new());
    in_consensus(part_of(&first, &settings(&etcd, "/demo"))).await;
    let stranger = part_of(&second, &settings(&etcd, "/demo"));
    for refused in [
        stranger.consensus().await.unwrap_err(),
        soon(stranger.campaign("master", b"x".to_vec(), TTL)).await.unwrap_err(),
    ] {
        assert!(matches!(refused, CoordinationError::Taken { .. }), "{refused}");
        let words = refused.to_string();
        assert!(
            words.contains("/demo/mesoform/") && words.contains("mesoform_quorum_prefix"),
            "{words}"
        );
    }
    assert_eq!(etcd.ctl(&["get", "--prefix", "--keys-only", "/demo/mesoform/election/"]), "");
    // The owner comes back as whom it was.
    in_consensus(part_of(&first, &settings(&etcd, "/demo"))).await;
}

#[tokio::test]
async fn without_the_certificate_that_it_asks_for_nobody_gets_in() {
    let Some(etcd) = Etcd::start_as(1, Role::Agent).await else { return };
    soon(async { while etcd.try_ctl(&["endpoint", "health"]).is_err() {} }).await;
    let mut settings = settings(&etcd, "/demo");
    if let Some(tls) = settings.etcd.as_mut().and_then(|etcd| etcd.tls.as_mut()) {
        tls.client = None;
    }
    let refused = part_of(&Pki::new(), &settings).consensus().await.unwrap_err();
    assert!(matches!(refused, CoordinationError::Unavailable { .. }), "{refused}");
    // Its own parts never take such a server for a voter.
    let refused = etcd.client(Role::Master).consensus().await.unwrap_err().to_string();
    assert!(refused.contains("certificate"), "{refused}");
}

#[tokio::test]
async fn plain_http_is_spoken_where_no_tls_is_set() {
    let Some(etcd) = Etcd::start_plain(1).await else { return };
    let plain = EtcdSettings { prefix: "/demo".into(), tls: None };
    let settings = QuorumClientSettings { etcd: Some(plain), ..etcd.settings() };
    let client = in_consensus(part_of(&Pki::new(), &settings)).await;
    let leader = elected(&client, "master", "h1", 60).await;
    put(&leader, "/mesoform/master/a", "1").await;
}

#[tokio::test]
async fn an_etcd_that_is_too_old_is_refused() {
    let endpoint = crate::old::serve("3.3.27").await;
    let old = EtcdSettings { prefix: "/demo".into(), tls: None };
    let settings = QuorumClientSettings { endpoints: vec![endpoint.clone()], etcd: Some(old) };
    let client = part_of(&Pki::new(), &settings);
    for refused in [
        client.consensus().await.unwrap_err(),
        soon(client.campaign("master", b"x".to_vec(), TTL)).await.unwrap_err(),
    ] {
        let words = format!("{endpoint} is an etcd 3.3.27, and mesoform needs 3.4 or later");
        assert!(refused.to_string().starts_with(&words), "{refused}");
    }
}
