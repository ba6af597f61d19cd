use super::Api;
use super::access::{unexpected, writer};
use super::errors::ttl_too_large;
use crate::mvcc::{keys_of, leases};
use crate::wire::command::Kind;
use crate::wire::reply;
use futures::StreamExt;
use mesoform_etcd::pb::{
    LeaseGrantRequest, LeaseGrantResponse, LeaseKeepAliveRequest, LeaseKeepAliveResponse,
    LeaseLeasesRequest, LeaseLeasesResponse, LeaseRevokeRequest, LeaseRevokeResponse, LeaseStatus,
    LeaseTimeToLiveRequest, LeaseTimeToLiveResponse,
};
use mesoform_etcd::server::Lease;
use std::pin::pin;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming, async_trait};

/// As etcd: seconds.
const MAX_TTL: i64 = 9_000_000_000;
/// Answers that may wait for a client that does not read them.
const QUEUE: usize = 64;
/// Renewals under way at once on one stream.
const KEPT_AT_ONCE: usize = 64;

#[async_trait]
impl Lease for Api {
    type LeaseKeepAliveStream = ReceiverStream<Result<LeaseKeepAliveResponse, Status>>;

    async fn lease_grant(
        &self,
        request: Request<LeaseGrantRequest>,
    ) -> Result<Response<LeaseGrantResponse>, Status> {
        writer(&request)?;
        let LeaseGrantRequest { ttl, id } = request.into_inner();
        if ttl > MAX_TTL {
            return Err(ttl_too_large());
        }
        // Chance and rules of ours stay out of the log's application.
        let id = if id == 0 { (rand::random::<i64>() & i64::MAX).max(1) } else { id };
        let ttl = ttl.max(self.min_ttl.as_secs().cast_signed());
        match self.change(Kind::LeaseGrant(LeaseGrantRequest { ttl, id })).await? {
            (reply::Kind::LeaseGrant(mut response), term) => {
                self.headers.complete(&mut response.header, term);
                Ok(Response::new(response))
            }
            _ => Err(unexpected()),
        }
    }

    async fn lease_revoke(
        &self,
        request: Request<LeaseRevokeRequest>,
    ) -> Result<Response<LeaseRevokeResponse>, Status> {
        writer(&request)?;
        match self.change(Kind::LeaseRevoke(request.into_inner())).await? {
            (reply::Kind::LeaseRevoke(mut response), term) => {
                self.headers.complete(&mut response.header, term);
                Ok(Response::new(response))
            }
            _ => Err(unexpected()),
        }
    }

    async fn lease_keep_alive(
        &self,
        request: Request<Streaming<LeaseKeepAliveRequest>>,
    ) -> Result<Response<Self::LeaseKeepAliveStream>, Status> {
        writer(&request)?;
        self.check_leader(&request)?;
        let end = self.end_of_stream(&request);
        let api = self.clone();
        // Many at once, so that they share the leader's confirmation; the answers come in order.
        let kept = request.into_inner().map(move |request| {
            let api = api.clone();
            async move { api.keep_alive(request?.id).await }
        });
        let (answers, stream) = mpsc::channel(QUEUE);
        tokio::spawn(async move {
            let mut kept = pin!(kept.buffered(KEPT_AT_ONCE));
            let mut end = pin!(end);
            loop {
                let answer = tokio::select! {
                    answer = kept.next() => answer,
                    () = answers.closed() => return,
                    status = &mut end => {
                        // Who has gone away meanwhile need not know.
                        let _ = answers.try_send(Err(status));
                        return;
                    }
                };
                let Some(answer) = answer else { return };
                let failed = answer.is_err();
                if answers.send(answer).await.is_err() || failed {
                    return;
                }
            }
        });
        Ok(Response::new(ReceiverStream::new(stream)))
    }

    async fn lease_time_to_live(
        &self,
        request: Request<LeaseTimeToLiveRequest>,
    ) -> Result<Response<LeaseTimeToLiveResponse>, Status> {
        let LeaseTimeToLiveRequest { id, keys } = request.into_inner();
        let left = self.leases.renew(id, true).await?;
        self.read_index.wait().await?;
        let header = Some(self.headers.at(self.state.now().revision));
        if left.left_ms == 0 && left.granted == 0 {
            let gone = LeaseTimeToLiveResponse { header, id, ttl: -1, ..Default::default() };
            return Ok(Response::new(gone));
        }
        let keys = if keys {
            self.read(true, move |tables| keys_of(tables, id)).await?
        } else {
            Vec::new()
        };
        let ttl = i64::try_from(left.left_ms / 1000).unwrap_or(i64::MAX);
        Ok(Response::new(LeaseTimeToLiveResponse {
            header,
            id,
            ttl,
            granted_ttl: left.granted,
            keys,
        }))
    }

    async fn lease_leases(
        &self,
        _: Request<LeaseLeasesRequest>,
    ) -> Result<Response<LeaseLeasesResponse>, Status> {
        self.read_index.wait().await?;
        let header = Some(self.headers.at(self.state.now().revision));
        let leases = self.read(true, leases).await?;
        let leases = leases.into_iter().map(|(id, _)| LeaseStatus { id }).collect();
        Ok(Response::new(LeaseLeasesResponse { header, leases }))
    }
}

impl Api {
    async fn keep_alive(&self, id: i64) -> Result<LeaseKeepAliveResponse, Status> {
        let left = self.leases.renew(id, false).await?;
        let ttl = if left.left_ms == 0 { 0 } else { left.granted };
        let header = Some(self.headers.at(self.state.now().revision));
        Ok(LeaseKeepAliveResponse { header, id, ttl })
    }
}
