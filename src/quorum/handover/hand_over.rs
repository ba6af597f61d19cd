use super::choose::{has_all, others, successor};
use super::give_way;
use crate::leadership::Leader;
use crate::peer::{Peers, Pulse};
use crate::raft::Vote;
use crate::wire::GiveWayRequest;
use std::time::Duration;
use thiserror::Error;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

/// Who has answered within it can lead next.
const ALIVE: Duration = Duration::from_secs(1);
/// For what is being proposed.
const FINISH: Duration = Duration::from_secs(1);
/// For the successor to get the rest of the log.
const CATCH_UP: Duration = Duration::from_millis(500);
/// For the promises of those that are there.
const PROMISE: Duration = Duration::from_millis(500);
/// For the successor to be elected.
const ELECTED: Duration = Duration::from_secs(1);

/// Why another voter does not lead now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum HandOverError {
    #[error("not the leader")]
    NotLeader,
    #[error("no such voter, or it does not answer")]
    NoSuccessor,
    #[error("timed out")]
    TimedOut,
}

/// Hands the leadership over.
#[derive(Clone)]
pub struct HandOver {
    pub peers: Peers,
    pub pulse: Pulse,
}

impl HandOver {
    /// Has another voter lead, the one that is `wanted` if any; nothing is proposed meanwhile. When
    /// it fails this one leads on, or whoever is elected.
    ///
    /// # Errors
    /// See [`HandOverError`].
    pub async fn to(&self, wanted: Option<u64>) -> Result<(), HandOverError> {
        if self.peers.leadership.now() != Leader::Me {
            return Err(HandOverError::NotLeader);
        }
        let metrics = self.peers.leadership.metrics();
        let successor = successor(&metrics, wanted, |id| self.pulse.is_alive(id, ALIVE))
            .ok_or(HandOverError::NoSuccessor)?;
        tracing::info!(successor = format!("{successor:x}"), "handing the leadership over");
        // What is under way is finished, and what comes waits for the new leader.
        let _closed =
            timeout(FINISH, self.peers.gate.write()).await.map_err(|_| HandOverError::TimedOut)?;
        self.catch_up(successor).await?;
        self.have_it_stand(successor).await;
        self.await_it(successor).await
    }

    async fn catch_up(&self, successor: u64) -> Result<(), HandOverError> {
        let mut metrics = self.peers.raft.metrics();
        let caught_up = metrics.wait_for(|metrics| has_all(metrics, successor));
        match timeout(CATCH_UP, caught_up).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) => Err(HandOverError::NotLeader),
            Err(_) => Err(HandOverError::TimedOut),
        }
    }

    /// The others first. Who does not answer in time may vote for the successor all the same.
    async fn have_it_stand(&self, successor: u64) {
        let metrics = self.peers.leadership.metrics();
        let vote = Vote::new(metrics.current_term + 1, successor);
        let mut promises = JoinSet::new();
        for id in others(&metrics.membership_config, metrics.id) {
            if id != successor && self.pulse.is_alive(id, ALIVE) {
                promises.spawn(self.clone().tell(id, vote));
            }
        }
        promises.join_all().await;
        // From here on this one does not lead.
        if let Err(cause) = give_way(&self.peers.raft, self.peers.me, vote).await {
            tracing::warn!(cause, "this voter does not give way");
        }
        self.clone().tell(successor, vote).await;
    }

    async fn tell(self, id: u64, vote: Vote) {
        let metrics = self.peers.leadership.metrics();
        let member = metrics.membership_config.membership().get_node(&id);
        let Some(Ok(mut client)) = member.map(|member| self.peers.client(member)) else { return };
        let request = GiveWayRequest { envelope: self.peers.envelope(id), vote: Some(vote.into()) };
        if let Ok(Err(status)) = timeout(PROMISE, client.give_way(request)).await {
            tracing::warn!(%status, voter = format!("{id:x}"), "a voter does not give way");
        }
    }

    async fn await_it(&self, successor: u64) -> Result<(), HandOverError> {
        let leads =
            |leader: &Leader| matches!(leader, Leader::Other { id, .. } if *id == successor);
        let mut leadership = self.peers.leadership.clone();
        let leader = leadership.wait_for(Instant::now() + ELECTED, leads).await;
        if leads(&leader) { Ok(()) } else { Err(HandOverError::TimedOut) }
    }
}
