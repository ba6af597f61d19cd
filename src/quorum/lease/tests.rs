use super::Leases;
use crate::leadership::Leader;
use crate::log::Brake;
use crate::propose::Proposer;
use crate::raft::Member;
use crate::read_index::ReadIndex;
use crate::run::Foundation;
use crate::simulation::lay_alone;
use crate::wire::command::Kind;
use mesoform_etcd::pb::LeaseGrantRequest;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// A voter that leads alone, and its leases, whose time nobody keeps yet.
async fn leading(on: &Foundation) -> Leases {
    let member = Member::from(&on.settings.voters[0]);
    on.peers.raft.initialize(BTreeMap::from([(on.peers.me, member)])).await.unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    let mut leadership = on.peers.leadership.clone();
    assert_eq!(leadership.wait_for(deadline, |leader| *leader == Leader::Me).await, Leader::Me);
    let (peers, state) = (on.peers.clone(), on.state.clone());
    let brake = Brake { weight: on.log.weight(), most: u64::MAX };
    let proposer = Proposer::start(peers.clone(), state.clone(), brake);
    let read_index = ReadIndex::start(peers.clone(), state.clone());
    Leases { clock: on.clock.clone(), state, proposer, read_index, peers }
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_is_asked_before_it_keeps_the_time_tells_no_live_lease_as_gone() {
    let home = tempfile::tempdir().unwrap();
    let on = lay_alone(home.path()).await;
    let leases = leading(&on).await;
    let grant = Kind::LeaseGrant(LeaseGrantRequest { id: 7, ttl: 60 });
    leases.proposer.propose_here(vec![grant.into()]).await.unwrap();
    for peek in [true, false] {
        let told = leases.here(7, peek).await;
        assert_eq!((told.not_leader, told.granted), (false, 60));
        assert!(told.left_ms > 50_000, "{} ms", told.left_ms);
    }
    let gone = leases.here(8, true).await;
    assert_eq!((gone.not_leader, gone.granted, gone.left_ms), (false, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_has_run_out_is_there_until_it_is_revoked() {
    let home = tempfile::tempdir().unwrap();
    let on = lay_alone(home.path()).await;
    let leases = leading(&on).await;
    let grant = Kind::LeaseGrant(LeaseGrantRequest { id: 7, ttl: 60 });
    leases.proposer.propose_here(vec![grant.into()]).await.unwrap();
    leases.here(7, false).await;
    tokio::time::sleep(Duration::from_secs(61)).await;
    let over = leases.here(7, true).await;
    assert_eq!((over.not_leader, over.granted, over.left_ms), (false, 60, 0));
    // Whether it is gone is not decided: who wants it renewed asks again.
    assert!(leases.here(7, false).await.not_leader);
    let keeping = tokio::spawn(leases.clone().keep());
    assert_eq!(leases.renew(7, false).await.unwrap().granted, 0);
    assert_eq!(leases.here(7, true).await.granted, 0);
    keeping.abort();
}
