use super::Api;
use super::access::unexpected;
use super::errors::as_client;
use super::transaction::get;
use super::waiting::oldest_of;
use crate::wire::command::Kind;
use crate::wire::reply;
use bytes::Bytes;
use mesoform_etcd::pb::request_op::Request as Op;
use mesoform_etcd::pb::{
    DeleteRangeRequest, LockRequest, LockResponse, PutRequest, ResponseHeader, UnlockRequest,
    UnlockResponse,
};
use mesoform_etcd::server::Lock;
use tonic::{Request, Response, Status, async_trait};

#[async_trait]
impl Lock for Api {
    async fn lock(&self, request: Request<LockRequest>) -> Result<Response<LockResponse>, Status> {
        let LockRequest { name, lease } = self.of_writer(request)?;
        let key = Self::place_in_line(&name, lease);
        let put = PutRequest { key: key.clone(), lease, ..Default::default() };
        let oldest = || Op::RequestRange(oldest_of(&name));
        let (put, get) = (vec![Op::RequestPut(put), oldest()], vec![get(&key), oldest()]);
        let came = self.if_made_at(&key, 0, put, get).await.map_err(as_client)?;
        let made = came.found(0).map_or(came.header.revision, |kv| kv.create_revision);
        // Who gives up while waiting must not stand in the way of others.
        let place = Place { api: self.clone(), key: Some(key) };
        let header = match came.found(1).is_none_or(|oldest| oldest.create_revision == made) {
            true => came.header,
            false => self.wait_for_turn(&name, made).await?,
        };
        Ok(Response::new(LockResponse { header: Some(header), key: place.held() }))
    }

    async fn unlock(
        &self,
        request: Request<UnlockRequest>,
    ) -> Result<Response<UnlockResponse>, Status> {
        let key = self.of_writer(request)?.key;
        let header = self.remove(key).await.map_err(as_client)?;
        Ok(Response::new(UnlockResponse { header }))
    }
}

impl Api {
    async fn remove(&self, key: Bytes) -> Result<Option<ResponseHeader>, Status> {
        let request = DeleteRangeRequest { key, ..Default::default() };
        match self.change(Kind::DeleteRange(request)).await? {
            (reply::Kind::DeleteRange(mut response), term) => {
                self.headers.complete(&mut response.header, term);
                Ok(response.header)
            }
            _ => Err(unexpected()),
        }
    }
}

/// A place in the line for a lock, given up unless the lock was taken.
struct Place {
    api: Api,
    key: Option<Bytes>,
}

impl Place {
    fn held(mut self) -> Bytes {
        self.key.take().unwrap_or_default()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(key) = self.key.take() {
            let api = self.api.clone();
            // Where that fails, the lease will end it.
            tokio::spawn(async move { api.remove(key).await });
        }
    }
}
