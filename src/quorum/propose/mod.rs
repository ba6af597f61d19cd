//! The way of commands into the log: whatever waits is proposed together and shares one flush.

mod batcher;
mod carrier;

use crate::log::Brake;
use crate::machine::State;
use crate::meters::Traffic;
use crate::peer::Peers;
use crate::wire::{Command, Reply};
use batcher::{WORTH, Waiting};
use carrier::Carrier;
use prost::Message;
use std::sync::Arc;
use thiserror::Error;
use tokio::sync::{Notify, Semaphore, mpsc, oneshot};
use tokio::time::Instant;

/// Commands that may wait to be proposed; more are turned away.
const QUEUE: usize = 8192;
/// As above, in KiB: one can be more than a megabyte. What is being proposed counts until it is answered.
const QUEUE_KIB: usize = 32 * 1024;

/// Why a command was not, or perhaps not, carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ProposeError {
    /// It was not proposed.
    #[error("no leader")]
    NoLeader,
    /// It may still be carried out, or not.
    #[error("timed out")]
    TimedOut,
    /// It may still be carried out, or not: the leader was lost meanwhile.
    #[error("timed out, possibly due to the loss of the leader")]
    LeaderLost,
    /// It was not proposed.
    #[error("too many requests")]
    TooMany,
    /// It may have been carried out: this voter is ending.
    #[error("stopped")]
    Stopped,
}

/// What came of commands that were proposed together.
#[derive(Debug)]
pub struct Done {
    pub replies: Vec<Reply>,
    pub term: u64,
    /// Where in the log they are; 0: that is not known.
    pub index: u64,
}

type Answer = Result<Done, ProposeError>;

/// Takes commands, wherever the leader is.
#[derive(Clone)]
pub struct Proposer {
    queue: mpsc::Sender<Waiting>,
    /// In KiB.
    room: Arc<Semaphore>,
    /// Told when many wait.
    many: Arc<Notify>,
    traffic: Arc<Traffic>,
}

impl Proposer {
    /// Starts the task that proposes; it ends with the last clone of this.
    pub fn start(peers: Peers, state: Arc<State>, brake: Brake) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let carrier = Carrier { peers, state, brake };
        let proposer = Self::over(queue);
        tokio::spawn(batcher::run(carrier, waiting, proposer.many.clone()));
        proposer
    }

    fn over(queue: mpsc::Sender<Waiting>) -> Self {
        let room = Arc::new(Semaphore::new(QUEUE_KIB));
        Self { queue, room, many: Arc::default(), traffic: Arc::default() }
    }

    /// Has one command carried out.
    ///
    /// # Errors
    /// See [`ProposeError`].
    pub async fn propose(&self, command: Command) -> Result<(Reply, u64), ProposeError> {
        let mut done = self.traffic.count(self.enqueue(vec![command], false)).await?;
        // There is one reply for each command.
        let reply = done.replies.pop().ok_or(ProposeError::Stopped)?;
        Ok((reply, done.term))
    }

    /// Has commands carried out if this voter leads; `NoLeader`: it does not.
    ///
    /// # Errors
    /// See [`ProposeError`].
    pub async fn propose_here(&self, commands: Vec<Command>) -> Answer {
        self.traffic.count(self.enqueue(commands, true)).await
    }

    /// What is under way, and what failed.
    pub fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    async fn enqueue(&self, commands: Vec<Command>, here: bool) -> Answer {
        let bytes = commands.iter().map(Message::encoded_len).sum();
        let kib = u32::try_from(bytes / 1024 + 1).unwrap_or(u32::MAX);
        let room = self.room.clone().try_acquire_many_owned(kib);
        let room = room.map_err(|_| ProposeError::TooMany)?;
        let (answer, done) = oneshot::channel();
        let waiting = Waiting { commands, here, bytes, since: Instant::now(), room, answer };
        self.queue.try_send(waiting).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => ProposeError::TooMany,
            mpsc::error::TrySendError::Closed(_) => ProposeError::Stopped,
        })?;
        if self.queue.max_capacity() - self.queue.capacity() >= WORTH {
            self.many.notify_one();
        }
        done.await.map_err(|_| ProposeError::Stopped)?
    }
}

#[cfg(test)]
mod tests;
