use super::Network;
use crate::handover::give_way;
use crate::raft::{Member, Vote};
use crate::simulation::{lay_alone, serve_alone};
use openraft::error::RPCError;
use openraft::network::{RPCOption, RaftNetwork, RaftNetworkFactory};
use openraft::raft::AppendEntriesRequest;
use std::time::Duration;
use tokio::sync::mpsc;

/// It would end the replication to that voter before it heeds the vote, and be lost where it has a snapshot
/// for it then.
#[tokio::test(start_paused = true)]
async fn raft_hears_of_a_higher_vote_beside_the_answer() {
    let home = tempfile::tempdir().unwrap();
    let on = lay_alone(home.path()).await;
    let (me, member) = (on.peers.me, Member::from(&on.settings.voters[0]));
    let higher = Vote::new(9, me + 1);
    give_way(&on.peers.raft, me, higher).await.unwrap();
    let (tell, mut told) = mpsc::channel(1);
    let mut network = Network {
        links: on.peers.links.clone(),
        directory: on.peers.directory.clone(),
        pulse: on.pulse.clone(),
        alarms: on.alarms.clone(),
        log: on.log.clone(),
        higher: tell,
    };
    serve_alone(on);
    let mut connection = network.new_client(me, &member).await;
    for _ in 0..2 {
        let lower = AppendEntriesRequest {
            vote: Vote::new_committed(1, me),
            prev_log_id: None,
            entries: Vec::new(),
            leader_commit: None,
        };
        let option = RPCOption::new(Duration::from_secs(60));
        let answer = connection.append_entries(lower, option).await;
        assert!(matches!(answer, Err(RPCError::Unreachable(_))), "{answer:?}");
    }
    // The second was told while nobody had heard the first.
    assert_eq!(told.recv().await, Some(higher));
    assert!(told.try_recv().is_err());
}
