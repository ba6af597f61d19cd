use super::{Liar, Lie};
use mesoform_etcd::client::KvClient;
use mesoform_etcd::pb::{
    CompactionRequest, CompactionResponse, DeleteRangeRequest, DeleteRangeResponse, PutRequest,
    PutResponse, RangeRequest, RangeResponse, TxnRequest, TxnResponse,
};
use mesoform_etcd::server::Kv;
use tonic::transport::Channel;
use tonic::{Request, Response, Status, async_trait};

/// Lies about single keys are told this often; there must be truth enough around them.
const EVERY: u64 = 15;
/// After so many requests what was read is old.
const OLD: u64 = 40;

impl Liar {
    fn kv(&self) -> KvClient<Channel> {
        KvClient::new(self.voter.clone())
    }

    /// What the key held some time ago, once it has another value now.
    fn remember(&self, key: &bytes::Bytes, fresh: &RangeResponse) -> Option<RangeResponse> {
        let count = self.count();
        let mut reads = self.memory.reads.lock().unwrap();
        let (then, old) = reads.entry(key.clone()).or_insert_with(|| (count, fresh.clone()));
        let is_old = count > *then + OLD && old.kvs != fresh.kvs;
        if !is_old {
            return None;
        }
        let old = old.clone();
        reads.insert(key.clone(), (count, fresh.clone()));
        Some(old)
    }
}

#[async_trait]
impl Kv for Liar {
    async fn range(
        &self,
        request: Request<RangeRequest>,
    ) -> Result<Response<RangeResponse>, Status> {
        let request = request.into_inner();
        let fresh = self.kv().range(request.clone()).await?;
        if !request.range_end.is_empty() || request.serializable {
            return Ok(fresh);
        }
        let old = self.remember(&request.key, fresh.get_ref());
        match (self.lie, old) {
            (Lie::StaleRead, Some(old)) => Ok(Response::new(old)),
            (Lie::StaleReadWithFreshHead, Some(old)) => {
                let header = fresh.get_ref().header;
                Ok(Response::new(RangeResponse { header, ..old }))
            }
            _ => Ok(fresh),
        }
    }

    async fn put(&self, request: Request<PutRequest>) -> Result<Response<PutResponse>, Status> {
        let request = request.into_inner();
        if self.is_time(Lie::LostWrite, EVERY) {
            let look = RangeRequest { key: request.key, ..Default::default() };
            let mut header = self.kv().range(look).await?.into_inner().header;
            if let Some(header) = &mut header {
                header.revision += 1;
            }
            return Ok(Response::new(PutResponse { header, prev_kv: None }));
        }
        if self.is_time(Lie::DoubledWrite, EVERY) {
            self.kv().put(request.clone()).await?;
        }
        if self.is_time(Lie::FailedWriteIsThere, EVERY) {
            self.kv().put(request).await?;
            return Err(Status::unavailable("etcdserver: no leader"));
        }
        self.kv().put(request).await
    }

    async fn delete_range(
        &self,
        request: Request<DeleteRangeRequest>,
    ) -> Result<Response<DeleteRangeResponse>, Status> {
        self.kv().delete_range(request.into_inner()).await
    }

    async fn txn(&self, request: Request<TxnRequest>) -> Result<Response<TxnResponse>, Status> {
        let mut request = request.into_inner();
        let writes = !request.success.is_empty();
        if matches!(self.lie, Lie::Unguarded | Lie::NoFence) && writes {
            request.compare.clear();
        }
        self.kv().txn(request).await
    }

    async fn compact(
        &self,
        request: Request<CompactionRequest>,
    ) -> Result<Response<CompactionResponse>, Status> {
        self.kv().compact(request.into_inner()).await
    }
}
