//! Members come and go while the quorum serves.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "these are tests")]

#[allow(dead_code, unused_imports)]
mod common;

use common::{Client, Cluster, PATIENCE};
use mesoform_etcd::pb::{
    Member, MemberAddRequest, MemberPromoteRequest, MemberRemoveRequest, MemberUpdateRequest,
};
use std::time::Duration;
use tonic::{Code, Status};

/// The slots that vote, and those that learn, as `asked` knows them.
async fn members(asked: &mut Client) -> (Vec<u8>, Vec<u8>) {
    let slots = |members: Vec<&Member>| {
        let mut slots: Vec<u8> =
            members.iter().map(|m| m.name.trim_start_matches('h').parse().unwrap()).collect();
        slots.sort_unstable();
        slots
    };
    let all = asked.members().await;
    let (learners, voters) = all.iter().partition(|member| member.is_learner);
    (slots(voters), slots(learners))
}

async fn id_of(asked: &mut Client, slot: u8) -> u64 {
    let name = format!("h{slot}");
    asked.members().await.iter().find(|member| member.name == name).expect("a member").id
}

async fn promote(asked: &mut Client, slot: u8) -> Result<Vec<Member>, Status> {
    let id = id_of(asked, slot).await;
    Ok(asked.cluster.member_promote(MemberPromoteRequest { id }).await?.into_inner().members)
}

/// Takes a member out; again where nobody led for a moment, and nobody knows whether it was done.
async fn take_out(asked: &mut Client, slot: u8) {
    let name = format!("h{slot}");
    let out = async {
        while asked.members().await.iter().any(|member| member.name == name) {
            if let Err(status) = remove(asked, slot).await {
                let again = matches!(status.code(), Code::Unavailable | Code::NotFound);
                assert!(again, "{status}");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    };
    tokio::time::timeout(PATIENCE, out).await.expect("it is never taken out");
}

async fn remove(asked: &mut Client, slot: u8) -> Result<Vec<Member>, Status> {
    let id = id_of(asked, slot).await;
    Ok(asked.cluster.member_remove(MemberRemoveRequest { id }).await?.into_inner().members)
}

/// Waits until `slot` is a learner, and promotes it.
async fn take_in(cluster: &Cluster, asked: &mut Client, slot: u8) {
    cluster.client(slot).ready().await;
    let promoted = async {
        while let Err(status) = promote(asked, slot).await {
            let again = matches!(status.code(), Code::FailedPrecondition | Code::Unavailable);
            assert!(again, "{status}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, promoted).await.expect("it is never in sync");
}

#[tokio::test]
async fn it_grows_and_shrinks_while_it_serves() {
    let mut cluster = Cluster::of(5).await;
    cluster.want(&[1]);
    cluster.start(1).await;
    let mut client = cluster.client(1);
    client.ready().await;
    client.insist("a", "1").await;
    cluster.want(&[1, 2, 3, 4, 5]);
    for slot in [2, 3, 4, 5] {
        cluster.start(slot).await;
        take_in(&cluster, &mut client, slot).await;
        client.insist("a", &slot.to_string()).await;
    }
    assert_eq!(members(&mut client).await, (vec![1, 2, 3, 4, 5], vec![]));
    // Two of five may die.
    let leader = cluster.leader(1).await;
    cluster.kill(leader);
    let others: Vec<u8> = cluster.slots().into_iter().filter(|slot| *slot != leader).collect();
    let mut client = cluster.client(others[0]);
    client.insist("a", "6").await;
    cluster.start(leader).await;
    cluster.client(leader).ready().await;
    // Down to one; also the leader can be asked to go.
    for slot in [others[3], leader, others[2], others[1]] {
        client.insist("b", &slot.to_string()).await;
        take_out(&mut client, slot).await;
    }
    assert_eq!(members(&mut client).await, (vec![others[0]], vec![]));
    client.insist("a", "7").await;
    assert_eq!(client.get("a").await.unwrap().as_deref(), Some("7"));
    let last = remove(&mut client, others[0]).await.unwrap_err();
    assert_eq!(
        (last.code(), last.message()),
        (
            Code::FailedPrecondition,
            "etcdserver: re-configuration failed due to not enough started members"
        )
    );
}

#[tokio::test]
async fn what_would_end_consensus_is_refused() {
    let mut cluster = Cluster::up(3).await;
    let leader = cluster.leader(1).await;
    let others: Vec<u8> = cluster.slots().into_iter().filter(|slot| *slot != leader).collect();
    let mut client = cluster.client(leader);
    client.ready().await;
    let (dead, alive) = (others[0], others[1]);
    let dead_id = id_of(&mut client, dead).await;
    cluster.kill(dead);
    // Whoever has answered in the last 5 s counts as alive.
    tokio::time::sleep(Duration::from_secs(6)).await;
    let refused = remove(&mut client, alive).await.unwrap_err();
    assert_eq!(
        (refused.code(), refused.message()),
        (Code::Unavailable, "etcdserver: unhealthy cluster")
    );
    // The dead one may go.
    take_out(&mut client, dead).await;
    let (voters, learners) = members(&mut client).await;
    assert_eq!((voters.len(), learners.len()), (2, 0));
    // When it comes back, it knows that it is none any more, and does not disturb the others.
    cluster.start(dead).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    client.insist("a", "1").await;
    assert_eq!(members(&mut client).await, (voters, vec![]));
    // With its data gone it begins anew, as a learner.
    cluster.kill(dead);
    cluster.wipe(dead);
    cluster.start(dead).await;
    take_in(&cluster, &mut client, dead).await;
    assert_eq!(members(&mut client).await.0, vec![1, 2, 3]);
    assert_ne!(id_of(&mut client, dead).await, dead_id);
}

#[tokio::test]
async fn the_errors_about_members_are_etcds() {
    let mut cluster = Cluster::of(2).await;
    cluster.want(&[1]);
    cluster.start(1).await;
    let mut client = cluster.client(1);
    client.ready().await;
    let said = |status: Status| (status.code(), status.message().to_owned());
    let not_found = (Code::NotFound, "etcdserver: member not found".to_owned());
    let removed = client.cluster.member_remove(MemberRemoveRequest { id: 7 }).await;
    assert_eq!(said(removed.unwrap_err()), not_found);
    let promoted = client.cluster.member_promote(MemberPromoteRequest { id: 7 }).await;
    assert_eq!(said(promoted.unwrap_err()), not_found);
    let url = vec!["https://127.0.0.1:9".to_owned()];
    let updated =
        client.cluster.member_update(MemberUpdateRequest { id: 7, peer_urls: url.clone() }).await;
    assert_eq!(said(updated.unwrap_err()), not_found);
    assert_eq!(
        said(promote(&mut client, 1).await.unwrap_err()),
        (Code::FailedPrecondition, "etcdserver: can only promote a learner member".to_owned())
    );
    let own = client.members().await[0].clone();
    let add = |peer_urls: Vec<String>| MemberAddRequest { peer_urls, is_learner: false };
    let bad = client.cluster.member_add(add(vec!["here".to_owned()])).await.unwrap_err();
    assert_eq!(
        said(bad),
        (Code::InvalidArgument, "etcdserver: given member URLs are invalid".to_owned())
    );
    let twice = client.cluster.member_add(add(own.peer_urls.clone())).await.unwrap_err();
    assert_eq!(
        said(twice),
        (Code::FailedPrecondition, "etcdserver: Peer URLs already exists".to_owned())
    );
    let words = client.cluster.member_add(add(url.clone())).await.unwrap_err();
    assert_eq!(words.code(), Code::FailedPrecondition);
    assert!(words.message().contains("mesoform up"), "{words}");
    let update = MemberUpdateRequest { id: own.id, peer_urls: url.clone() };
    let after = client.cluster.member_update(update).await.unwrap().into_inner().members;
    assert_eq!(after[0].peer_urls, url);
}
