use super::Api;
use super::access::{unexpected, writer};
use crate::mvcc::{check_command, check_range, range, read_txn, reads};
use crate::wire::command::Kind;
use crate::wire::{Command, reply};
use mesoform_etcd::pb::response_op::Response as Answer;
use mesoform_etcd::pb::{
    CompactionRequest, CompactionResponse, DeleteRangeRequest, DeleteRangeResponse, PutRequest,
    PutResponse, RangeRequest, RangeResponse, TxnRequest, TxnResponse,
};
use mesoform_etcd::server::Kv;
use tonic::{Request, Response, Status, async_trait};

#[async_trait]
impl Kv for Api {
    async fn range(
        &self,
        request: Request<RangeRequest>,
    ) -> Result<Response<RangeResponse>, Status> {
        self.check_leader(&request)?;
        let request = request.into_inner();
        check_range(&request)?;
        if !request.serializable {
            self.read_index.wait().await?;
        }
        let heavy = !request.range_end.is_empty();
        let mut response = self.read(heavy, move |tables| range(tables, &request)).await?;
        self.headers.complete(&mut response.header, self.leadership.term());
        Ok(Response::new(response))
    }

    async fn put(&self, request: Request<PutRequest>) -> Result<Response<PutResponse>, Status> {
        writer(&request)?;
        match self.change(Kind::Put(request.into_inner())).await? {
            (reply::Kind::Put(mut response), term) => {
                self.headers.complete(&mut response.header, term);
                Ok(Response::new(response))
            }
            _ => Err(unexpected()),
        }
    }

    async fn delete_range(
        &self,
        request: Request<DeleteRangeRequest>,
    ) -> Result<Response<DeleteRangeResponse>, Status> {
        writer(&request)?;
        match self.change(Kind::DeleteRange(request.into_inner())).await? {
            (reply::Kind::DeleteRange(mut response), term) => {
                self.headers.complete(&mut response.header, term);
                Ok(Response::new(response))
            }
            _ => Err(unexpected()),
        }
    }

    async fn txn(&self, request: Request<TxnRequest>) -> Result<Response<TxnResponse>, Status> {
        writer(&request)?;
        let request = request.into_inner();
        if let Some(reads) = reads(&request) {
            // What is only read is not worth a place in the log.
            let stale = !reads.is_empty() && reads.iter().all(|range| range.serializable);
            return self.read_transaction(request, stale).await;
        }
        match self.change(Kind::Txn(request)).await? {
            (reply::Kind::Txn(mut response), term) => {
                self.headers.complete(&mut response.header, term);
                trim(&mut response);
                Ok(Response::new(response))
            }
            _ => Err(unexpected()),
        }
    }

    async fn compact(
        &self,
        request: Request<CompactionRequest>,
    ) -> Result<Response<CompactionResponse>, Status> {
        writer(&request)?;
        match self.change(Kind::Compact(request.into_inner())).await? {
            (reply::Kind::Compact(mut response), term) => {
                self.headers.complete(&mut response.header, term);
                Ok(Response::new(response))
            }
            _ => Err(unexpected()),
        }
    }
}

impl Api {
    async fn read_transaction(
        &self,
        request: TxnRequest,
        stale: bool,
    ) -> Result<Response<TxnResponse>, Status> {
        let command = Command::from(Kind::Txn(request));
        check_command(&command)?;
        if !stale {
            self.read_index.wait().await?;
        }
        let Some(Kind::Txn(request)) = command.kind else { return Err(unexpected()) };
        let heavy = request.compare.iter().any(|compare| !compare.range_end.is_empty())
            || reads(&request)
                .is_none_or(|all| all.iter().any(|range| !range.range_end.is_empty()));
        let mut response = self.read(heavy, move |tables| read_txn(tables, &request)).await?;
        self.headers.complete(&mut response.header, self.leadership.term());
        trim(&mut response);
        Ok(Response::new(response))
    }
}

/// Within a transaction etcd's heads carry the revision and nothing else; a transaction within has
/// an empty one.
fn trim(response: &mut TxnResponse) {
    for inner in &mut response.responses {
        if let Some(Answer::ResponseTxn(inner)) = &mut inner.response {
            inner.header = Some(Default::default());
            trim(inner);
        }
    }
}
