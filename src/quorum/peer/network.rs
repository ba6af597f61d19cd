use super::links::Wire;
use super::reach::{News, Reach};
use super::{Directory, Links, Pulse, snapshots};
use crate::levels::Levels;
use crate::log::LogStore;
use crate::raft::{Config, Member, Vote};
use crate::space::{Alarms, Room};
use crate::wire::{AppendRequest, LogEntry, PeerClient, VoteRequest};
use openraft::error::{
    Fatal, NetworkError, RPCError, RaftError, ReplicationClosed, StreamingError, Unreachable,
};
use openraft::network::{Backoff, RPCOption, RaftNetwork, RaftNetworkFactory};
use openraft::raft::{AppendEntriesRequest, AppendEntriesResponse, SnapshotResponse, VoteResponse};
use openraft::{AnyError, OptionalSend, Snapshot};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tonic::{Code, Status};

/// Raft's way to the other voters.
#[derive(Clone)]
pub struct Network {
    pub links: Arc<Links>,
    pub directory: Directory,
    pub pulse: Pulse,
    pub alarms: Alarms,
    pub log: LogStore,
    /// Takes the votes above its own that this voter is answered with. Where it is full, they are told
    /// again.
    pub higher: mpsc::Sender<Vote>,
}

/// Raft's way to one of them.
pub struct Connection {
    target: u64,
    /// For the log: its likeliest address.
    name: String,
    /// Where it may be.
    addresses: Vec<String>,
    reach: Reach,
    pulse: Pulse,
    alarms: Alarms,
    links: Arc<Links>,
    directory: Directory,
    /// What it said last why it does not take what it is told.
    refusal: Option<String>,
    log: LogStore,
    higher: mpsc::Sender<Vote>,
}

type RaftRpcError = RPCError<u64, Member, RaftError<u64>>;

impl RaftNetworkFactory<Config> for Network {
    type Network = Connection;

    async fn new_client(&mut self, target: u64, node: &Member) -> Connection {
        let addresses = self.directory.addresses(node);
        let name = addresses.first().cloned().unwrap_or_default();
        let links = self.links.clone();
        let directory = self.directory.clone();
        let (pulse, alarms) = (self.pulse.clone(), self.alarms.clone());
        let (reach, refusal) = (Reach::default(), None);
        let (log, higher) = (self.log.clone(), self.higher.clone());
        Connection {
            target,
            name,
            addresses,
            reach,
            pulse,
            alarms,
            links,
            directory,
            refusal,
            log,
            higher,
        }
    }
}

impl Connection {
    fn client(&self) -> Result<PeerClient<Wire>, Unreachable> {
        self.links.to(self.address()).map_err(|status| Unreachable::new(&status))
    }

    fn address(&self) -> &str {
        self.links.choose(&self.addresses)
    }

    /// It may be of another version when it answers again, or was not the one that is meant.
    fn refused(&mut self, address: &str, status: &Status) -> RaftRpcError {
        self.directory.ladder().forget(self.target);
        self.links.avoid(address);
        let cause = status.message();
        if status.code() == Code::FailedPrecondition && self.refusal.as_deref() != Some(cause) {
            tracing::warn!(voter = self.name, cause, "a voter does not take what it is told");
            self.refusal = Some(cause.to_owned());
        }
        rpc_error(status)
    }

    /// What Raft hears instead of a higher vote, which it is told beside the answer (see `handover::heed`).
    fn outvoted(&self, by: Vote) -> Unreachable {
        let _ = self.higher.try_send(by);
        Unreachable::new(&AnyError::error(format!("it heeds a higher vote: {by}")))
    }

    fn tell(&self, news: Option<News>) {
        match news {
            Some(News::Silent) => tracing::warn!(voter = self.name, "a voter does not answer"),
            Some(News::Back) => tracing::info!(voter = self.name, "a voter answers again"),
            None => {}
        }
    }
}

impl RaftNetwork<Config> for Connection {
    async fn append_entries(
        &mut self,
        rpc: AppendEntriesRequest<Config>,
        _: RPCOption,
    ) -> Result<AppendEntriesResponse<u64>, RaftRpcError> {
        // What counts as committed may not be on this disk yet (see `log::ahead`).
        self.log.flushed(rpc.leader_commit).await.map_err(garbled)?;
        let entries = rpc.entries.iter().map(LogEntry::try_from).collect::<Result<_, _>>();
        let request = AppendRequest {
            envelope: Some(self.directory.envelope(self.target)),
            vote: Some(rpc.vote.into()),
            previous: rpc.prev_log_id.map(Into::into),
            entries: entries.map_err(garbled)?,
            commit: rpc.leader_commit.map(Into::into),
            rooms: self.alarms.to_tell(),
            call: 0,
        };
        let news = self.reach.asked(Instant::now().into_std());
        self.tell(news);
        let address = self.address().to_owned();
        let asked = self.links.append(&address, request).await;
        let response = asked.map_err(|status| self.refused(&address, &status))?;
        self.pulse.beat(self.target, Instant::now());
        let news = self.reach.answered();
        self.tell(news);
        self.alarms.hear(self.target, Room::from_number(response.room));
        let known = Levels::heard(response.oldest, response.newest);
        self.directory.ladder().hear(self.target, known);
        match response.try_into().map_err(garbled)? {
            AppendEntriesResponse::HigherVote(vote) => Err(self.outvoted(vote).into()),
            answer => Ok(answer),
        }
    }

    async fn vote(
        &mut self,
        rpc: openraft::raft::VoteRequest<u64>,
        _: RPCOption,
    ) -> Result<VoteResponse<u64>, RaftRpcError> {
        let request = VoteRequest {
            envelope: Some(self.directory.envelope(self.target)),
            vote: Some(rpc.vote.into()),
            last_log: rpc.last_log_id.map(Into::into),
        };
        let response = self.client()?.vote(request).await.map_err(|e| rpc_error(&e))?;
        response.into_inner().try_into().map_err(garbled)
    }

    async fn full_snapshot(
        &mut self,
        vote: Vote,
        snapshot: Snapshot<Config>,
        cancel: impl Future<Output = ReplicationClosed> + OptionalSend + 'static,
        _: RPCOption,
    ) -> Result<SnapshotResponse<u64>, StreamingError<Config, Fatal<u64>>> {
        let client = self.client()?;
        let envelope = self.directory.envelope(self.target);
        tokio::select! {
            sent = snapshots::send(client, &self.name, envelope, vote, snapshot) => match sent? {
                answer if answer.vote > vote => Err(self.outvoted(answer.vote).into()),
                answer => Ok(answer),
            },
            closed = cancel => Err(StreamingError::Closed(closed)),
        }
    }

    fn backoff(&self) -> Backoff {
        let steps = [20, 50, 100, 200].map(Duration::from_millis);
        Backoff::new(steps.into_iter().chain(std::iter::repeat(Duration::from_millis(300))))
    }
}

/// Openraft waits before it asks one again that cannot be reached, and not after other errors.
fn rpc_error(status: &Status) -> RaftRpcError {
    match status.code() {
        Code::Unavailable
        | Code::FailedPrecondition
        | Code::PermissionDenied
        | Code::Unimplemented => RPCError::Unreachable(Unreachable::new(status)),
        _ => RPCError::Network(NetworkError::new(status)),
    }
}

fn garbled(cause: String) -> RaftRpcError {
    RPCError::Unreachable(Unreachable::new(&AnyError::error(cause)))
}
