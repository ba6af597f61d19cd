use super::check::{Removal, promoted, removed};
use super::{Members, Objection, roster};
use crate::leadership::Leader;
use crate::raft::Member;
use crate::wire::{MembersRequest, members_request::Wish};
use mesoform_etcd::pb;
use openraft::ChangeMembers;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::Instant;
use tonic::Status;

/// For a change that goes through another voter, a change of leaders on the way included.
const FORWARD: Duration = Duration::from_secs(20);
/// For there to be a leader.
const LEADER: Duration = Duration::from_secs(5);
/// A voter that is alive hears in less that it is none any more.
const TOLD: Duration = Duration::from_secs(2);
/// Between two looks at what changes without a word.
const LOOK: Duration = Duration::from_millis(20);

/// What an operator asks for.
impl Members {
    /// Fulfils a wish, wherever the leader is; the members after it.
    ///
    /// # Errors
    /// See [`Objection`].
    pub async fn fulfil(&self, wish: Wish) -> Result<Vec<pb::Member>, Status> {
        let mut leadership = self.peers.leadership.clone();
        match leadership.wait_for(Instant::now() + LEADER, |now| *now != Leader::None).await {
            Leader::None => Err(Objection::NoLeader.into()),
            Leader::Me => self.fulfil_here(wish).await,
            Leader::Other { id, member } => self.forward(id, &member, wish).await,
        }
    }

    /// Fulfils a wish that another voter passed on: this one leads, or nothing is done.
    ///
    /// # Errors
    /// See [`Objection`].
    pub async fn fulfil_here(&self, wish: Wish) -> Result<Vec<pb::Member>, Status> {
        if self.peers.leadership.now() != Leader::Me {
            return Err(Objection::NoLeader.into());
        }
        let waited = tokio::time::timeout(LEADER, self.busy.lock()).await;
        let _busy = waited.map_err(|_| Status::from(Objection::TimedOut))?;
        self.finish(true).await?;
        tracing::info!(?wish, "members are to change");
        match wish {
            Wish::Promote(id) => self.promote(id).await?,
            Wish::Remove(id) => self.remove(id).await?,
            Wish::Update(update) => self.update(update.id, update.peer).await?,
        }
        Ok(roster(&self.peers.leadership))
    }

    async fn forward(
        &self,
        id: u64,
        leader: &Member,
        wish: Wish,
    ) -> Result<Vec<pb::Member>, Status> {
        let mut client = self.peers.client(leader)?;
        let envelope = self.peers.envelope(id);
        let request = MembersRequest { envelope, wish: Some(wish) };
        match tokio::time::timeout(FORWARD, client.members(request)).await {
            Ok(answer) => Ok(answer?.into_inner().members),
            Err(_) => Err(Objection::TimedOut.into()),
        }
    }

    async fn promote(&self, id: u64) -> Result<(), Status> {
        let membership = self.peers.leadership.metrics().membership_config;
        let voters = promoted(&membership, id, self.is_in_sync(id), &self.alive())?;
        self.change(ChangeMembers::ReplaceAllVoters(voters), false).await
    }

    async fn remove(&self, id: u64) -> Result<(), Status> {
        let membership = self.peers.leadership.metrics().membership_config;
        let removal = removed(&membership, id, &self.alive())?;
        if id == self.peers.me {
            // It leads until the others have agreed that it is gone.
            return self.change(ChangeMembers::RemoveVoters(BTreeSet::from([id])), false).await;
        }
        if removal == Removal::OfVoter {
            self.change(ChangeMembers::RemoveVoters(BTreeSet::from([id])), true).await?;
            self.let_it_know(id).await;
        }
        self.change(ChangeMembers::RemoveNodes(BTreeSet::from([id])), false).await
    }

    /// A voter that does not know that it is none any more would stand for election.
    async fn let_it_know(&self, id: u64) {
        let changed = self.peers.leadership.metrics().membership_config.log_id().map(|id| id.index);
        let deadline = Instant::now() + TOLD;
        while self.alive().contains(&id) && self.matched(id) < changed && Instant::now() < deadline
        {
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn update(&self, id: u64, peer: String) -> Result<(), Status> {
        let membership = self.peers.leadership.metrics().membership_config;
        let nodes = || membership.membership().nodes();
        if nodes().any(|(other, node)| *other != id && node.peer == peer) {
            return Err(Objection::UrlExists.into());
        }
        let found = nodes().find(|(other, _)| **other == id);
        let (_, member) = found.ok_or(Status::from(Objection::NotFound))?;
        let member = Member { peer, ..member.clone() };
        self.change(ChangeMembers::SetNodes(BTreeMap::from([(id, member)])), false).await
    }
}
