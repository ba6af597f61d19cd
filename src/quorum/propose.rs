//! The way of commands into the log: whatever waits is proposed together and shares one flush.

use crate::leadership::{Leader, Leadership};
use crate::peer::{Directory, Links, was_never_sent};
use crate::raft::{Member, Proposal, Raft};
use crate::wire::{Batch, Command, ForwardRequest, Reply};
use openraft::error::{ClientWriteError, RaftError};
use prost::Message;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::Instant;

/// Commands that may wait to be proposed; more are turned away.
const QUEUE: usize = 8192;
/// What one log entry holds at most (but always one command).
const BATCH_COMMANDS: usize = 1024;
const BATCH_BYTES: usize = 1024 * 1024;
/// One batch is written here while the one before it is on its way to the others.
const IN_FLIGHT: usize = 2;
/// As etcd: how long a proposal may take.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How long to wait for a leader before saying that there is none.
const LEADER_PATIENCE: Duration = Duration::from_secs(3);

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
}

type Answer = Result<Done, ProposeError>;

struct Waiting {
    commands: Vec<Command>,
    /// Only if this voter leads.
    here: bool,
    answer: oneshot::Sender<Answer>,
}

/// Takes commands, wherever the leader is.
#[derive(Clone)]
pub struct Proposer {
    queue: mpsc::Sender<Waiting>,
}

impl Proposer {
    /// Starts the task that proposes; it ends with the last clone of this.
    pub fn start(raft: Raft, leadership: Leadership, links: Arc<Links>, directory: Directory) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let carrier = Carrier { raft, leadership, links, directory };
        tokio::spawn(run(carrier, waiting));
        Self { queue }
    }

    /// Has one command carried out.
    ///
    /// # Errors
    /// See [`ProposeError`].
    pub async fn propose(&self, command: Command) -> Result<(Reply, u64), ProposeError> {
        let mut done = self.enqueue(vec![command], false).await?;
        // There is one reply for each command.
        let reply = done.replies.pop().ok_or(ProposeError::Stopped)?;
        Ok((reply, done.term))
    }

    /// Has commands carried out if this voter leads; `NoLeader`: it does not.
    ///
    /// # Errors
    /// See [`ProposeError`].
    pub async fn propose_here(&self, commands: Vec<Command>) -> Answer {
        self.enqueue(commands, true).await
    }

    async fn enqueue(&self, commands: Vec<Command>, here: bool) -> Answer {
        let (answer, done) = oneshot::channel();
        let waiting = Waiting { commands, here, answer };
        self.queue.try_send(waiting).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => ProposeError::TooMany,
            mpsc::error::TrySendError::Closed(_) => ProposeError::Stopped,
        })?;
        done.await.map_err(|_| ProposeError::Stopped)?
    }
}

async fn run(carrier: Carrier, mut queue: mpsc::Receiver<Waiting>) {
    let in_flight = Arc::new(Semaphore::new(IN_FLIGHT));
    let mut held = None;
    // Room first, then the batch: all that comes while there is no room goes together.
    while let Ok(room) = in_flight.clone().acquire_owned().await {
        let Some(first) = (match held.take() {
            Some(held) => Some(held),
            None => queue.recv().await,
        }) else {
            return;
        };
        let (batch, rest) = gather(first, &mut queue);
        held = rest;
        let carrier = carrier.clone();
        tokio::spawn(async move {
            carrier.carry(batch).await;
            drop(room);
        });
    }
}

/// All that waits, as long as it fits; what did not fit any more comes back.
fn gather(first: Waiting, queue: &mut mpsc::Receiver<Waiting>) -> (Vec<Waiting>, Option<Waiting>) {
    let weigh = |waiting: &Waiting| {
        (waiting.commands.len(), waiting.commands.iter().map(Message::encoded_len).sum::<usize>())
    };
    let (mut commands, mut bytes) = weigh(&first);
    let here = first.here;
    let mut batch = vec![first];
    while let Ok(next) = queue.try_recv() {
        let (more, weight) = weigh(&next);
        commands += more;
        bytes += weight;
        if commands > BATCH_COMMANDS || bytes > BATCH_BYTES || next.here != here {
            return (batch, Some(next));
        }
        batch.push(next);
    }
    (batch, None)
}

#[derive(Clone)]
struct Carrier {
    raft: Raft,
    leadership: Leadership,
    links: Arc<Links>,
    directory: Directory,
}

impl Carrier {
    async fn carry(mut self, batch: Vec<Waiting>) {
        let here = batch.first().is_some_and(|waiting| waiting.here);
        let mut shares = Vec::with_capacity(batch.len());
        let mut commands = Vec::new();
        for waiting in batch {
            shares.push((waiting.commands.len(), waiting.answer));
            commands.extend(waiting.commands);
        }
        let answer = self.carry_commands(commands, here).await;
        share(answer, shares);
    }

    async fn carry_commands(&mut self, commands: Vec<Command>, here: bool) -> Answer {
        let start = Instant::now();
        let batch = Batch { commands };
        loop {
            let patience = if here { start } else { start + LEADER_PATIENCE };
            let leader = self.leadership.wait_for(patience, |leader| *leader != Leader::None).await;
            match leader {
                Leader::None => return Err(ProposeError::NoLeader),
                Leader::Me => return self.write(&batch).await,
                Leader::Other { .. } if here => return Err(ProposeError::NoLeader),
                Leader::Other { id, member } => {
                    match self.forward(id, &member, &batch).await {
                        // Nothing was proposed, so it can be tried again.
                        Err(ProposeError::NoLeader) if start.elapsed() < LEADER_PATIENCE => {
                            let pause = Instant::now() + Duration::from_millis(50);
                            self.leadership.changed(pause).await;
                        }
                        answer => return answer,
                    }
                }
            }
        }
    }

    async fn write(&self, batch: &Batch) -> Answer {
        let proposal = Proposal(batch.encode_to_vec().into());
        let written = tokio::time::timeout(TIMEOUT, self.raft.client_write(proposal)).await;
        match written {
            Ok(Ok(done)) => {
                Ok(Done { replies: done.data.replies, term: done.log_id.leader_id.term })
            }
            // It may have been in the log already when the leadership was lost, and another
            // leader may have found it there.
            Ok(Err(RaftError::APIError(ClientWriteError::ForwardToLeader(_)))) => {
                Err(ProposeError::LeaderLost)
            }
            Ok(Err(_)) => Err(ProposeError::Stopped),
            Err(_) => Err(ProposeError::TimedOut),
        }
    }

    async fn forward(&self, id: u64, member: &Member, batch: &Batch) -> Answer {
        let Ok(mut client) = self.links.to(self.directory.address(member)) else {
            return Err(ProposeError::NoLeader);
        };
        let envelope = Some(self.directory.envelope(id));
        let request = ForwardRequest { envelope, commands: batch.commands.clone() };
        let answer = tokio::time::timeout(TIMEOUT, client.forward(request)).await;
        match answer.map(|answer| answer.map(tonic::Response::into_inner)) {
            Ok(Ok(response)) if response.not_leader => Err(ProposeError::NoLeader),
            Ok(Ok(response)) => Ok(Done { replies: response.replies, term: response.term }),
            Ok(Err(status)) if was_never_sent(&status) => Err(ProposeError::NoLeader),
            Ok(Err(status)) if status.code() == tonic::Code::FailedPrecondition => {
                Err(ProposeError::NoLeader)
            }
            Ok(Err(_)) => Err(ProposeError::LeaderLost),
            Err(_) => Err(ProposeError::TimedOut),
        }
    }
}

/// Gives everyone the replies to his own commands.
fn share(answer: Answer, shares: Vec<(usize, oneshot::Sender<Answer>)>) {
    match answer {
        Ok(done) => {
            let mut replies = done.replies.into_iter();
            for (count, waiting) in shares {
                let own: Vec<Reply> = replies.by_ref().take(count).collect();
                let complete = own.len() == count;
                let own = Done { replies: own, term: done.term };
                // Who has gone away meanwhile needs no answer.
                let _ = waiting.send(if complete { Ok(own) } else { Err(ProposeError::Stopped) });
            }
        }
        Err(error) => {
            for (_, waiting) in shares {
                let _ = waiting.send(Err(error));
            }
        }
    }
}
