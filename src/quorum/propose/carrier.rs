use super::{Answer, Done, ProposeError};
use crate::leadership::{Leader, Leadership};
use crate::peer::{Directory, Links, was_never_sent};
use crate::raft::{Member, Proposal, Raft};
use crate::wire::{Batch, ForwardRequest};
use openraft::error::{ClientWriteError, RaftError};
use prost::Message;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// As etcd: how long a proposal may take.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How long to wait for a leader before saying that there is none.
const LEADER_PATIENCE: Duration = Duration::from_secs(3);

/// Brings commands to whoever leads.
#[derive(Clone)]
pub struct Carrier {
    pub raft: Raft,
    pub leadership: Leadership,
    pub links: Arc<Links>,
    pub directory: Directory,
}

impl Carrier {
    pub fn leads(&self) -> bool {
        self.leadership.now() == Leader::Me
    }

    /// Has the commands proposed by whoever leads.
    pub async fn carry(mut self, batch: Batch) -> Answer {
        let start = Instant::now();
        let patience = start + LEADER_PATIENCE;
        loop {
            let leader = self.leadership.wait_for(patience, |leader| *leader != Leader::None).await;
            match leader {
                Leader::None => return Err(ProposeError::NoLeader),
                Leader::Me => return self.write(&batch).await,
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

    /// Proposes the commands, as the leader.
    pub async fn write(&self, batch: &Batch) -> Answer {
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
