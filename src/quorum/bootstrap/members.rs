use crate::leadership::Leadership;
use crate::raft::{Member, Membership, Raft};
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
const TIMEOUT: Duration = Duration::from_secs(10);

/// What has to be done so that a voter is a member as it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    Nothing,
    /// An earlier change was interrupted halfway.
    Finish(BTreeSet<u64>),
    /// It is a stranger: send it the log first.
    Learn,
    /// It has another address now.
    Readdress,
    /// It has the log: these are the voters with it, and without whoever had its slot.
    Promote(BTreeSet<u64>),
}

/// Decides; one step at a time, each a change that Raft can make at once.
pub fn next_change(membership: &Membership, id: u64, member: &Member) -> Change {
    let configs = membership.membership().get_joint_config();
    let voters = configs.last().cloned().unwrap_or_default();
    if configs.len() > 1 {
        return Change::Finish(voters);
    }
    let node = |id: &u64| membership.membership().get_node(id);
    match node(&id) {
        None => Change::Learn,
        Some(known) if known != member => Change::Readdress,
        Some(_) if voters.contains(&id) => Change::Nothing,
        Some(_) => {
            let other_slot = |id: &u64| node(id).is_none_or(|node| node.slot != member.slot);
            let mut voters: BTreeSet<u64> = voters.into_iter().filter(other_slot).collect();
            voters.insert(id);
            Change::Promote(voters)
        }
    }
}

/// Takes voters in, where this one leads.
#[derive(Clone)]
pub struct Members {
    raft: Raft,
    leadership: Leadership,
    /// One change at a time.
    busy: Arc<Mutex<()>>,
}

impl Members {
    pub fn new(raft: Raft, leadership: Leadership) -> Self {
        Self { raft, leadership, busy: Arc::default() }
    }

    /// Makes one step towards the voter's wish; it asks again until it is a voter.
    ///
    /// Whoever holds a voter's certificate is believed: he could take part in Raft anyway.
    ///
    /// # Errors
    /// The slot is none.
    pub async fn join(&self, request: JoinRequest) -> Result<JoinOutcome, Status> {
        let slot = u8::try_from(request.slot)
            .map_err(|_| Status::invalid_argument("a slot is at most 255"))?;
        let id = request.node_id;
        let member =
            Member { slot, name: request.name, peer: request.peer, client: request.client };
        let metrics = self.leadership.metrics();
        if !metrics.state.is_leader() {
            return Ok(JoinOutcome::NotLeader);
        }
        let Ok(_busy) = self.busy.try_lock() else { return Ok(JoinOutcome::Underway) };
        let change = next_change(&metrics.membership_config, id, &member);
        if change == Change::Nothing {
            return Ok(JoinOutcome::Joined);
        }
        if matches!(change, Change::Promote(_)) && !self.caught_up(id) {
            return Ok(JoinOutcome::Underway);
        }
        tracing::info!(name = member.name, id = format!("{id:x}"), ?change, "membership changes");
        let made = tokio::time::timeout(TIMEOUT, self.make(change, id, member)).await;
        match made {
            Ok(Ok(())) => {}
            Ok(Err(cause)) => {
                tracing::warn!(cause, "a membership change failed; it is tried again")
            }
            Err(_) => tracing::warn!("a membership change took too long; it is tried again"),
        }
        Ok(JoinOutcome::Underway)
    }

    async fn make(&self, change: Change, id: u64, member: Member) -> Result<(), String> {
        let made = match change {
            Change::Nothing => return Ok(()),
            Change::Learn => self.raft.add_learner(id, member, false).await,
            Change::Readdress => {
                let nodes = BTreeMap::from([(id, member)]);
                self.raft.change_membership(ChangeMembers::SetNodes(nodes), false).await
            }
            Change::Promote(voters) | Change::Finish(voters) => {
                self.raft.change_membership(ChangeMembers::ReplaceAllVoters(voters), false).await
            }
        };
        made.map(|_| ()).map_err(|e| e.to_string())
    }

    fn caught_up(&self, id: u64) -> bool {
        let metrics = self.leadership.metrics();
        let matched = metrics.replication.as_ref().and_then(|all| all.get(&id).copied().flatten());
        let last = metrics.last_log_index.unwrap_or(0);
        matched.is_some_and(|matched| matched.index + LAG >= last)
    }
}
