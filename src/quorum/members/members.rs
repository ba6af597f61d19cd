use super::{Change, Objection, next_change};
use crate::leadership::Leader;
use crate::levels::Levels;
use crate::peer::{Peers, Pulse};
use crate::raft::Member;
use crate::wire::{JoinOutcome, JoinRequest};
use openraft::ChangeMembers;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tonic::Status;

/// A new voter must not be further behind than this before it counts: until it has caught up it
/// could only hold up the others.
const LAG: u64 = 500;
/// For one change.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Who has not answered for so long does not count as there; as etcd's `HealthInterval`.
pub const ALIVE: Duration = Duration::from_secs(5);

/// Changes members, wherever the leader is.
#[derive(Clone)]
pub struct Members {
    pub peers: Peers,
    pub pulse: Pulse,
    /// One change at a time.
    pub busy: Arc<Mutex<()>>,
}

impl Members {
    /// Makes one step towards the voter's wish; it asks again until it is a member.
    ///
    /// Whoever holds a voter's certificate is believed: he could take part in Raft anyway.
    ///
    /// # Errors
    /// The slot is none, its version does not know the cluster's level, or its data is of another cluster.
    pub async fn join(&self, request: JoinRequest) -> Result<JoinOutcome, Status> {
        let ours = self.peers.directory.cluster_id();
        if request.cluster_id != 0 && ours != 0 && request.cluster_id != ours {
            return Err(Status::failed_precondition(
                "its data is of another quorum: `mesoform voter renew` puts it aside",
            ));
        }
        let slot = u8::try_from(request.slot)
            .map_err(|_| Status::invalid_argument("a slot is at most 255"))?;
        match self.peers.leadership.now() {
            Leader::Me => {}
            Leader::Other { member, .. } if !request.forwarded => {
                return self.forward_join(&member, request).await;
            }
            Leader::Other { .. } | Leader::None => return Ok(JoinOutcome::NotLeader),
        }
        let id = request.node_id;
        let member =
            Member { slot, name: request.name, peer: request.peer, client: request.client };
        let Ok(_busy) = self.busy.try_lock() else { return Ok(JoinOutcome::Underway) };
        let levels = Levels::heard(request.oldest, request.newest);
        self.peers.directory.ladder().admit(&member.name, levels)?;
        match next_change(&self.peers.leadership.metrics().membership_config, id, &member) {
            Change::Nothing => Ok(JoinOutcome::Joined),
            Change::Attend => Ok(JoinOutcome::Attending),
            Change::Replace(_) if !self.is_in_sync(id) => Ok(JoinOutcome::Underway),
            change => {
                tracing::info!(
                    name = member.name,
                    id = format!("{id:x}"),
                    ?change,
                    "members change"
                );
                if let Err(cause) = self.make(change, id, member).await {
                    tracing::warn!(%cause, "a change of members failed; it is tried again");
                }
                Ok(JoinOutcome::Underway)
            }
        }
    }

    /// The voter knows some of us, and not always the one that leads.
    async fn forward_join(
        &self,
        leader: &Member,
        request: JoinRequest,
    ) -> Result<JoinOutcome, Status> {
        let mut client = self.peers.client(leader)?;
        let request = JoinRequest { forwarded: true, ..request };
        match tokio::time::timeout(TIMEOUT, client.join(request)).await {
            Ok(answer) => Ok(answer?.into_inner().outcome()),
            Err(_) => Ok(JoinOutcome::NotLeader),
        }
    }

    async fn make(&self, change: Change, id: u64, member: Member) -> Result<(), Status> {
        match change {
            Change::Nothing | Change::Attend => Ok(()),
            Change::Learn => {
                let added = self.peers.raft.add_learner(id, member, false);
                made(tokio::time::timeout(TIMEOUT, added).await)
            }
            Change::Readdress => {
                self.change(ChangeMembers::SetNodes(BTreeMap::from([(id, member)])), false).await
            }
            Change::Replace(voters) | Change::Finish(voters) => {
                self.change(ChangeMembers::ReplaceAllVoters(voters), false).await
            }
        }
    }

    /// Has Raft make one change; voters that it takes out stay as learners with `retain`.
    pub(super) async fn change(
        &self,
        change: ChangeMembers<u64, Member>,
        retain: bool,
    ) -> Result<(), Status> {
        made(tokio::time::timeout(TIMEOUT, self.peers.raft.change_membership(change, retain)).await)
    }

    /// Whether the member has nearly all of the log.
    pub(super) fn is_in_sync(&self, id: u64) -> bool {
        let last = self.peers.leadership.metrics().last_log_index.unwrap_or(0);
        self.matched(id).is_some_and(|matched| matched + LAG >= last)
    }

    /// Up to which index the member has our log.
    pub(super) fn matched(&self, id: u64) -> Option<u64> {
        let metrics = self.peers.leadership.metrics();
        let matched = metrics.replication.as_ref().and_then(|all| all.get(&id).copied().flatten());
        matched.map(|matched| matched.index)
    }

    /// The members that have answered lately, this one included.
    pub(super) fn alive(&self) -> BTreeSet<u64> {
        let metrics = self.peers.leadership.metrics();
        let nodes = metrics.membership_config.membership().nodes().map(|(id, _)| *id);
        nodes.filter(|id| *id == self.peers.me || self.pulse.is_alive(*id, ALIVE)).collect()
    }
}

fn made<T, E: std::fmt::Display>(
    done: Result<Result<T, E>, tokio::time::error::Elapsed>,
) -> Result<(), Status> {
    match done {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(cause)) => Err(Status::unavailable(format!("etcdserver: {cause}"))),
        Err(_) => Err(Objection::TimedOut.into()),
    }
}
