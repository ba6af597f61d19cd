use super::{Answer, Done, ProposeError};
use crate::api::TOO_MANY;
use crate::leadership::Leader;
use crate::log::Brake;
use crate::machine::State;
use crate::peer::{Peers, was_never_sent};
use crate::raft::{Member, Proposal};
use crate::wire::{Batch, ForwardRequest, seal};
use openraft::error::{ClientWriteError, RaftError};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OwnedRwLockReadGuard;
use tokio::time::{Instant, timeout};

/// As etcd: how long a proposal may take.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How long to wait for a leader before saying that there is none.
const LEADER_PATIENCE: Duration = Duration::from_secs(3);
/// A proposal is given up when its leader has for so long been none: whatever comes of it, it does
/// not come soon.
const LOST: Duration = Duration::from_millis(500);
/// How long to wait for room in the log. Less than a proposal may take: whoever forwarded it here hears
/// that it was not proposed.
const ROOM_PATIENCE: Duration = Duration::from_secs(4);
const PAUSE: Duration = Duration::from_millis(50);

/// Until it is dropped this voter does not hand its leadership over.
pub type Open = OwnedRwLockReadGuard<()>;

/// Brings commands to whoever leads.
#[derive(Clone)]
pub struct Carrier {
    pub peers: Peers,
    pub state: Arc<State>,
    pub brake: Brake,
}

impl Carrier {
    pub fn leads(&self) -> bool {
        self.peers.leadership.now() == Leader::Me
    }

    /// Waits until this voter may propose what has waited since then.
    ///
    /// # Errors
    /// `NoLeader`: it does not lead. `TooMany`: the log stays too heavy.
    pub async fn enter(&self, since: Instant) -> Result<Open, ProposeError> {
        if !self.leads() {
            return Err(ProposeError::NoLeader);
        }
        // First: whoever waits here must not hold up a handover.
        if !self.brake.is_released() {
            self.wait_for_room(since + ROOM_PATIENCE).await?;
        }
        let open = self.peers.gate.clone().read_owned().await;
        // Another one may have been made the leader meanwhile.
        self.leads().then_some(open).ok_or(ProposeError::NoLeader)
    }

    async fn wait_for_room(&self, deadline: Instant) -> Result<(), ProposeError> {
        let lost = self.peers.leadership.clone().no_more(LOST, |now| *now == Leader::Me);
        tokio::select! {
            released = self.brake.released(deadline) => {
                if released { Ok(()) } else { Err(ProposeError::TooMany) }
            }
            () = lost => Err(ProposeError::NoLeader),
        }
    }

    /// Has the commands proposed by whoever leads; they have waited since then.
    pub async fn carry(mut self, batch: Batch, since: Instant) -> Answer {
        let start = Instant::now();
        let patience = start + LEADER_PATIENCE;
        loop {
            let there_is_one = |leader: &Leader| *leader != Leader::None;
            let answer = match self.peers.leadership.wait_for(patience, there_is_one).await {
                Leader::None => return Err(ProposeError::NoLeader),
                Leader::Me => match self.enter(since).await {
                    Ok(open) => self.write(&batch, open).await,
                    Err(error) => Err(error),
                },
                Leader::Other { id, member } => self.forward(id, &member, &batch).await,
            };
            match answer {
                // Nothing was proposed, so it can be tried again.
                Err(ProposeError::NoLeader) if start.elapsed() < LEADER_PATIENCE => {
                    self.peers.leadership.changed(Instant::now() + PAUSE).await;
                }
                answer => return answer,
            }
        }
    }

    /// Proposes the commands, as the leader.
    pub async fn write(&self, batch: &Batch, _open: Open) -> Answer {
        let proposal = Proposal(seal(batch, self.peers.directory.ladder().level()));
        let written = self.unless_lost(Leader::Me, self.peers.raft.client_write(proposal)).await?;
        match written {
            Ok(done) => Ok(Done {
                replies: done.data.replies,
                term: done.log_id.leader_id.term,
                index: done.log_id.index,
            }),
            // It may have been in the log already when the leadership was lost, and another
            // leader may have found it there.
            Err(RaftError::APIError(ClientWriteError::ForwardToLeader(_))) => {
                Err(ProposeError::LeaderLost)
            }
            Err(_) => Err(ProposeError::Stopped),
        }
    }

    async fn forward(&self, id: u64, member: &Member, batch: &Batch) -> Answer {
        let Ok(mut client) = self.peers.client(member) else { return Err(ProposeError::NoLeader) };
        let envelope = self.peers.envelope(id);
        let request = ForwardRequest { envelope, commands: batch.commands.clone() };
        let leader = Leader::Other { id, member: member.clone() };
        let answer = self.unless_lost(leader, client.forward(request)).await?;
        match answer.map(tonic::Response::into_inner) {
            Ok(response) if response.not_leader => Err(ProposeError::NoLeader),
            Ok(response) => {
                self.catch_up(response.index).await;
                let (replies, term, index) = (response.replies, response.term, response.index);
                Ok(Done { replies, term, index })
            }
            Err(status) if was_never_sent(&status) => Err(ProposeError::NoLeader),
            Err(status) if status.code() == tonic::Code::FailedPrecondition => {
                Err(ProposeError::NoLeader)
            }
            // These words are the leader's own; a connection can end with the same code.
            Err(status) if status.message() == TOO_MANY => Err(ProposeError::TooMany),
            Err(_) => Err(ProposeError::LeaderLost),
        }
    }

    /// Waits for what a leader does, for as long as it is the leader.
    async fn unless_lost<T>(
        &self,
        leader: Leader,
        done: impl Future<Output = T>,
    ) -> Result<T, ProposeError> {
        let lost = self.peers.leadership.clone().no_more(LOST, move |now| *now == leader);
        tokio::select! {
            done = timeout(TIMEOUT, done) => done.map_err(|_| ProposeError::TimedOut),
            () = lost => Err(ProposeError::LeaderLost),
        }
    }

    /// Who wrote through this voter finds here what he wrote, also by reads that ask no leader. It was
    /// done in any case, so the answer does not wait forever.
    async fn catch_up(&self, index: u64) {
        let mut progress = self.state.progress();
        let applied = progress.wait_for(|now| now.applied.is_some_and(|id| id.index >= index));
        let _ = timeout(LEADER_PATIENCE, applied).await;
    }
}
