//! Linearizable reads: a leader whose majority has just confirmed it says how far the log is
//! committed, and the reader waits until that much is applied here. Readers that wait share the asking.

use crate::leadership::Leader;
use crate::machine::State;
use crate::peer::Peers;
use crate::raft::Member;
use crate::wire::ReadIndexRequest;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

/// Readers that may wait; more are turned away.
const QUEUE: usize = 65_536;
/// As etcd.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How long to wait for a leader before saying that there is none.
const LEADER_PATIENCE: Duration = Duration::from_secs(3);
/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(20);
/// For one attempt at the leader.
const ATTEMPT: Duration = Duration::from_secs(1);

/// Why nothing can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ReadError {
    #[error("no leader")]
    NoLeader,
    #[error("timed out")]
    TimedOut,
    #[error("too many requests")]
    TooMany,
    #[error("stopped")]
    Stopped,
}

type Answer = Result<u64, ReadError>;

struct Waiting {
    here: bool,
    answer: oneshot::Sender<Answer>,
}

/// Finds out from which log index on a read is linearizable.
#[derive(Clone)]
pub struct ReadIndex {
    queue: mpsc::Sender<Waiting>,
    state: Arc<State>,
}

impl ReadIndex {
    /// Starts the task that asks; it ends with the last clone of this.
    pub fn start(peers: Peers, state: Arc<State>) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        tokio::spawn(run(Asker(peers), waiting));
        Self { queue, state }
    }

    /// Waits until this voter's state holds all that was acknowledged before this call.
    ///
    /// # Errors
    /// There is no leader, or it took too long.
    pub async fn wait(&self) -> Result<(), ReadError> {
        let index = self.enqueue(false).await?;
        let mut progress = self.state.progress();
        let applied = progress.wait_for(|now| now.applied.is_some_and(|id| id.index >= index));
        match tokio::time::timeout(TIMEOUT, applied).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) => Err(ReadError::Stopped),
            Err(_) => Err(ReadError::TimedOut),
        }
    }

    /// The index, if this voter leads and a majority confirms it.
    pub async fn here(&self) -> Option<u64> {
        self.enqueue(true).await.ok()
    }

    async fn enqueue(&self, here: bool) -> Answer {
        let (answer, index) = oneshot::channel();
        self.queue.try_send(Waiting { here, answer }).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => ReadError::TooMany,
            mpsc::error::TrySendError::Closed(_) => ReadError::Stopped,
        })?;
        index.await.map_err(|_| ReadError::Stopped)?
    }
}

async fn run(mut asker: Asker, mut queue: mpsc::Receiver<Waiting>) {
    let mut waiting = Vec::new();
    // Who comes while we ask must wait for the next answer: this one may be older than he is.
    while queue.recv_many(&mut waiting, QUEUE).await > 0 {
        let (here, anywhere): (Vec<_>, Vec<_>) = waiting.drain(..).partition(|one| one.here);
        if anywhere.is_empty() || asker.0.leadership.now() == Leader::Me {
            let answer = asker.ask_here().await;
            respond(here, answer);
            match answer {
                Ok(_) => respond(anywhere, answer),
                Err(_) if anywhere.is_empty() => {}
                Err(_) => respond(anywhere, asker.ask().await),
            }
        } else {
            respond(here, Err(ReadError::NoLeader));
            respond(anywhere, asker.ask().await);
        }
    }
}

fn respond(waiting: Vec<Waiting>, answer: Answer) {
    for one in waiting {
        // Who has gone away meanwhile needs no answer.
        let _ = one.answer.send(answer);
    }
}

struct Asker(Peers);

impl Asker {
    async fn ask(&mut self) -> Answer {
        let start = Instant::now();
        loop {
            let patience = start + LEADER_PATIENCE;
            let leader =
                self.0.leadership.wait_for(patience, |leader| *leader != Leader::None).await;
            let answer = match leader {
                Leader::None => return Err(ReadError::NoLeader),
                Leader::Me => self.ask_here().await,
                Leader::Other { id, member } => self.ask_there(id, &member).await,
            };
            match answer {
                Err(error) if start.elapsed() >= LEADER_PATIENCE => return Err(error),
                Err(_) => {
                    self.0.leadership.changed(Instant::now() + PAUSE).await;
                }
                index => return index,
            }
        }
    }

    async fn ask_here(&self) -> Answer {
        match tokio::time::timeout(ATTEMPT, self.0.raft.get_read_log_id()).await {
            Ok(Ok((read, _))) => Ok(read.map_or(0, |id| id.index)),
            Ok(Err(_)) => Err(ReadError::NoLeader),
            Err(_) => Err(ReadError::TimedOut),
        }
    }

    async fn ask_there(&self, id: u64, member: &Member) -> Answer {
        let Ok(mut client) = self.0.client(member) else { return Err(ReadError::NoLeader) };
        let request = ReadIndexRequest { envelope: self.0.envelope(id) };
        match tokio::time::timeout(ATTEMPT, client.read_index(request)).await {
            Ok(Ok(response)) => {
                let response = response.into_inner();
                if response.not_leader { Err(ReadError::NoLeader) } else { Ok(response.index) }
            }
            Ok(Err(_)) => Err(ReadError::NoLeader),
            Err(_) => Err(ReadError::TimedOut),
        }
    }
}
