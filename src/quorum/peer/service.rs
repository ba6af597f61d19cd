use super::snapshots;
use crate::bootstrap::Introducer;
use crate::handover::{LastWord, Succession, give_way};
use crate::lease::Leases;
use crate::members::Members;
use crate::port::caller;
use crate::propose::{ProposeError, Proposer};
use crate::raft::Raft;
use crate::read_index::ReadIndex;
use crate::space::Alarms;
use crate::wire::{
    AppendRequest, AppendResponse, Envelope, ForwardRequest, ForwardResponse, GiveWayRequest,
    GiveWayResponse, HelloRequest, HelloResponse, INTRODUCTORY, JoinRequest, JoinResponse,
    MembersRequest, MembersResponse, Peer, ReadIndexRequest, ReadIndexResponse, RenewRequest,
    RenewResponse, SnapshotChunk, SnapshotResponse, VoteRequest, VoteResponse,
};
use futures::StreamExt;
use std::pin::Pin;
use std::sync::Arc;
use tokio_stream::Stream;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming, async_trait};

/// Answers the other voters.
#[derive(Clone)]
pub struct PeerService {
    pub node_id: u64,
    pub raft: Raft,
    pub introducer: Introducer,
    pub members: Members,
    pub proposer: Proposer,
    pub read_index: ReadIndex,
    pub leases: Leases,
    pub alarms: Alarms,
    /// What lasts ends with it.
    pub ending: CancellationToken,
}

impl PeerService {
    /// Whether a message is meant for this voter: an address can have changed hands.
    fn check(&self, envelope: Option<Envelope>) -> Result<(), Status> {
        let envelope = envelope.ok_or_else(|| Status::invalid_argument("no envelope"))?;
        if envelope.target != self.node_id {
            return Err(Status::failed_precondition(format!(
                "this is voter {:x}, not {:x}",
                self.node_id, envelope.target
            )));
        }
        self.introducer.belong(envelope.cluster_id)?;
        Ok(self.introducer.directory.ladder().meet(&envelope)?)
    }

    fn last_word<T>(&self, request: &Request<T>) -> LastWord {
        let (peers, ending) = (self.members.peers.clone(), self.ending.clone());
        let host = caller(request).ok().map(|caller| caller.host.clone());
        LastWord(host.map(|host| Succession { peers, ending, host }))
    }

    async fn take_in(&self, request: AppendRequest) -> Result<AppendResponse, Status> {
        let call = request.call;
        self.check(request.envelope)?;
        self.alarms.learn(&request.rooms);
        let request = request.try_into().map_err(Status::invalid_argument)?;
        self.members.peers.leadership.hear();
        let response = self.raft.append_entries(request).await.map_err(stopped)?;
        // It may count what this voter wrote when it led itself (see `log::ahead`).
        self.introducer.log.all_flushed().await.map_err(stopped)?;
        let room = self.alarms.own().as_number();
        let (oldest, newest) = self.introducer.directory.ladder().own().to_tell();
        Ok(AppendResponse { room, oldest, newest, call, ..response.into() })
    }
}

fn stopped(error: impl std::fmt::Display) -> Status {
    Status::unavailable(error.to_string())
}

#[async_trait]
impl Peer for PeerService {
    async fn hello(
        &self,
        request: Request<HelloRequest>,
    ) -> Result<Response<HelloResponse>, Status> {
        let request = request.into_inner();
        let from = self.introducer.answer(request.from).await?;
        Ok(Response::new(HelloResponse { protocol: INTRODUCTORY, from: Some(from) }))
    }

    async fn join(&self, request: Request<JoinRequest>) -> Result<Response<JoinResponse>, Status> {
        let request = request.into_inner();
        let outcome = self.members.join(request).await?;
        Ok(Response::new(JoinResponse { outcome: outcome as i32 }))
    }

    async fn members(
        &self,
        request: Request<MembersRequest>,
    ) -> Result<Response<MembersResponse>, Status> {
        let request = request.into_inner();
        self.check(request.envelope)?;
        let wish = request.wish.ok_or_else(|| Status::unimplemented("an unknown wish"))?;
        let members = self.members.fulfil_here(wish).await?;
        Ok(Response::new(MembersResponse { members }))
    }

    async fn append(
        &self,
        request: Request<AppendRequest>,
    ) -> Result<Response<AppendResponse>, Status> {
        self.take_in(request.into_inner()).await.map(Response::new)
    }

    type AppendsStream = Pin<Box<dyn Stream<Item = Result<AppendResponse, Status>> + Send>>;

    async fn appends(
        &self,
        request: Request<Streaming<AppendRequest>>,
    ) -> Result<Response<Self::AppendsStream>, Status> {
        let service = Arc::new(self.clone());
        let last_word = self.last_word(&request);
        let answers = request.into_inner().then(move |request| {
            let _ends_with_this = &last_word;
            let service = service.clone();
            async move { service.take_in(request?).await }
        });
        let ending = self.ending.clone().cancelled_owned();
        Ok(Response::new(Box::pin(answers.take_until(ending))))
    }

    async fn vote(&self, request: Request<VoteRequest>) -> Result<Response<VoteResponse>, Status> {
        let request = request.into_inner();
        self.check(request.envelope)?;
        let request = request.try_into().map_err(Status::invalid_argument)?;
        let response = self.raft.vote(request).await.map_err(stopped)?;
        Ok(Response::new(response.into()))
    }

    async fn snapshot(
        &self,
        request: Request<Streaming<SnapshotChunk>>,
    ) -> Result<Response<SnapshotResponse>, Status> {
        let mut chunks = request.into_inner();
        let first = chunks.message().await?.ok_or_else(|| Status::aborted("an empty snapshot"))?;
        self.check(first.envelope)?;
        snapshots::receive(&self.raft, first, chunks).await.map(Response::new)
    }

    async fn forward(
        &self,
        request: Request<ForwardRequest>,
    ) -> Result<Response<ForwardResponse>, Status> {
        let request = request.into_inner();
        self.check(request.envelope)?;
        match self.proposer.propose_here(request.commands).await {
            Ok(done) => Ok(Response::new(ForwardResponse {
                replies: done.replies,
                term: done.term,
                index: done.index,
                not_leader: false,
            })),
            Err(ProposeError::NoLeader) => {
                Ok(Response::new(ForwardResponse { not_leader: true, ..Default::default() }))
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn read_index(
        &self,
        request: Request<ReadIndexRequest>,
    ) -> Result<Response<ReadIndexResponse>, Status> {
        self.check(request.into_inner().envelope)?;
        let response = match self.read_index.here().await {
            Some(index) => ReadIndexResponse { not_leader: false, index },
            None => ReadIndexResponse { not_leader: true, index: 0 },
        };
        Ok(Response::new(response))
    }

    async fn give_way(
        &self,
        request: Request<GiveWayRequest>,
    ) -> Result<Response<GiveWayResponse>, Status> {
        let request = request.into_inner();
        self.check(request.envelope)?;
        let vote = request.vote.ok_or_else(|| Status::invalid_argument("no vote"))?;
        give_way(&self.raft, self.node_id, vote.into()).await.map_err(stopped)?;
        Ok(Response::new(GiveWayResponse {}))
    }

    async fn renew(
        &self,
        request: Request<RenewRequest>,
    ) -> Result<Response<RenewResponse>, Status> {
        let request = request.into_inner();
        self.check(request.envelope)?;
        Ok(Response::new(self.leases.here(request.lease, request.peek).await))
    }
}
