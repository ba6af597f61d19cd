use super::Api;
use super::errors::as_client;
use super::transaction::{Outcome, get};
use bytes::Bytes;
use mesoform_etcd::pb::request_op::Request as Op;
use mesoform_etcd::pb::{
    CampaignRequest, CampaignResponse, DeleteRangeRequest, LeaderKey, LeaderRequest,
    LeaderResponse, ProclaimRequest, ProclaimResponse, PutRequest, ResignRequest, ResignResponse,
    ResponseHeader,
};
use mesoform_etcd::server::Election;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, async_trait};

/// Leaders that wait for an observer who does not read.
const QUEUE: usize = 4;

#[async_trait]
impl Election for Api {
    type ObserveStream = ReceiverStream<Result<LeaderResponse, Status>>;

    async fn campaign(
        &self,
        request: Request<CampaignRequest>,
    ) -> Result<Response<CampaignResponse>, Status> {
        let CampaignRequest { name, lease, value } = self.of_writer(request)?;
        let key = Self::place_in_line(&name, lease);
        let stood = self.stand(&key, lease, &value).await.map_err(as_client)?;
        let before = stood.found(0);
        let rev = before.map_or(stood.header.revision, |kv| kv.create_revision);
        let leader = LeaderKey { name: name.clone(), key, rev, lease };
        // Whoever stands again may have something else to say.
        if before.is_some_and(|kv| kv.value != value) {
            self.proclaim_as(&leader, value).await?;
        }
        // Who gives up while waiting must not stand in the way of others.
        let candidate = Candidate { api: self.clone(), leader: Some(leader) };
        self.wait_for_turn(&name, rev).await?;
        let leader = candidate.elected();
        Ok(Response::new(CampaignResponse { header: Some(stood.header), leader }))
    }

    async fn proclaim(
        &self,
        request: Request<ProclaimRequest>,
    ) -> Result<Response<ProclaimResponse>, Status> {
        let ProclaimRequest { leader, value } = self.of_writer(request)?;
        let header = self.proclaim_as(&leader.ok_or_else(no_leader_key)?, value).await?;
        Ok(Response::new(ProclaimResponse { header: Some(header) }))
    }

    async fn leader(
        &self,
        request: Request<LeaderRequest>,
    ) -> Result<Response<LeaderResponse>, Status> {
        let (leader, revision) = self.oldest(&request.into_inner().name).await?;
        let kv = leader.ok_or_else(|| Status::unknown("election: no leader"))?;
        let header = Some(self.headers.at(revision));
        Ok(Response::new(LeaderResponse { header, kv: Some(kv) }))
    }

    async fn observe(
        &self,
        request: Request<LeaderRequest>,
    ) -> Result<Response<Self::ObserveStream>, Status> {
        let end = self.end_of_stream(&request);
        let name = request.into_inner().name;
        let (tell, told) = mpsc::channel(QUEUE);
        let api = self.clone();
        tokio::spawn(async move {
            let status = tokio::select! {
                status = api.tell_leaders(&name, &tell) => status,
                status = end => status,
                () = tell.closed() => return,
            };
            // Who has gone away meanwhile need not know.
            let _ = tell.try_send(Err(status));
        });
        Ok(Response::new(ReceiverStream::new(told)))
    }

    async fn resign(
        &self,
        request: Request<ResignRequest>,
    ) -> Result<Response<ResignResponse>, Status> {
        let leader = self.of_writer(request)?.leader.ok_or_else(no_leader_key)?;
        let header = Some(self.resign_as(&leader).await?);
        Ok(Response::new(ResignResponse { header }))
    }
}

impl Api {
    /// Makes the candidate's key, or finds it.
    async fn stand(&self, key: &Bytes, lease: i64, value: &Bytes) -> Result<Outcome, Status> {
        let put =
            PutRequest { key: key.clone(), value: value.clone(), lease, ..Default::default() };
        self.if_made_at(key, 0, vec![Op::RequestPut(put)], vec![get(key)]).await
    }

    async fn proclaim_as(
        &self,
        leader: &LeaderKey,
        value: Bytes,
    ) -> Result<ResponseHeader, Status> {
        let LeaderKey { key, rev, lease, .. } = leader;
        let put = PutRequest { key: key.clone(), value, lease: *lease, ..Default::default() };
        let done = self.if_made_at(key, *rev, vec![Op::RequestPut(put)], Vec::new()).await;
        let done = done.map_err(as_client)?;
        if !done.succeeded {
            return Err(Status::unknown("election: not leader"));
        }
        Ok(done.header)
    }

    async fn resign_as(&self, leader: &LeaderKey) -> Result<ResponseHeader, Status> {
        let delete = DeleteRangeRequest { key: leader.key.clone(), ..Default::default() };
        let delete = vec![Op::RequestDeleteRange(delete)];
        let done = self.if_made_at(&leader.key, leader.rev, delete, Vec::new()).await?;
        Ok(done.header)
    }

    /// Tells of every leader, and of what the present one proclaims; ends with a fault.
    async fn tell_leaders(
        &self,
        name: &Bytes,
        tell: &mpsc::Sender<Result<LeaderResponse, Status>>,
    ) -> Status {
        let mut newest = self.hub.newest();
        let mut last = None;
        loop {
            newest.borrow_and_update();
            let (leader, revision) = match self.oldest(name).await {
                Ok(found) => found,
                Err(status) => return status,
            };
            if let Some(kv) = leader
                && last.as_ref() != Some(&kv)
            {
                last = Some(kv.clone());
                let header = Some(self.headers.at(revision));
                if tell.send(Ok(LeaderResponse { header, kv: Some(kv) })).await.is_err() {
                    return Status::cancelled("nobody observes");
                }
            }
            if newest.changed().await.is_err() {
                return Status::unavailable(super::errors::STOPPED);
            }
        }
    }
}

fn no_leader_key() -> Status {
    Status::unknown("\"leader\" field must be provided")
}

/// A candidacy that is withdrawn unless it was won.
struct Candidate {
    api: Api,
    leader: Option<LeaderKey>,
}

impl Candidate {
    fn elected(mut self) -> Option<LeaderKey> {
        self.leader.take()
    }
}

impl Drop for Candidate {
    fn drop(&mut self) {
        if let Some(leader) = self.leader.take() {
            let api = self.api.clone();
            // Where that fails, the lease will end it.
            tokio::spawn(async move { api.resign_as(&leader).await });
        }
    }
}
