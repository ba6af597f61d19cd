use super::Api;
use super::access::unexpected;
use crate::wire::command::Kind;
use crate::wire::reply;
use bytes::Bytes;
use mesoform_etcd::pb::compare::{CompareResult, CompareTarget, TargetUnion};
use mesoform_etcd::pb::request_op::Request as Op;
use mesoform_etcd::pb::response_op::Response as Answer;
use mesoform_etcd::pb::{
    Compare, KeyValue, RangeRequest, RequestOp, ResponseHeader, ResponseOp, TxnRequest,
};
use tonic::Status;

/// What came of a transaction.
pub(super) struct Outcome {
    pub header: ResponseHeader,
    pub succeeded: bool,
    pub responses: Vec<ResponseOp>,
}

impl Outcome {
    /// The first key that an operation found.
    pub fn found(&self, place: usize) -> Option<&KeyValue> {
        match &self.responses.get(place)?.response {
            Some(Answer::ResponseRange(range)) => range.kvs.first(),
            _ => None,
        }
    }
}

impl Api {
    /// Does `success` if `key` was made at `revision` (0: is not there), else `failure`.
    pub(super) async fn if_made_at(
        &self,
        key: &Bytes,
        revision: i64,
        success: Vec<Op>,
        failure: Vec<Op>,
    ) -> Result<Outcome, Status> {
        let compare = Compare {
            result: CompareResult::Equal as i32,
            target: CompareTarget::Create as i32,
            key: key.clone(),
            target_union: Some(TargetUnion::CreateRevision(revision)),
            range_end: Bytes::new(),
        };
        let ops =
            |ops: Vec<Op>| ops.into_iter().map(|op| RequestOp { request: Some(op) }).collect();
        let request =
            TxnRequest { compare: vec![compare], success: ops(success), failure: ops(failure) };
        match self.change(Kind::Txn(request)).await? {
            (reply::Kind::Txn(mut done), term) => {
                self.headers.complete(&mut done.header, term);
                let header = done.header.unwrap_or_default();
                Ok(Outcome { header, succeeded: done.succeeded, responses: done.responses })
            }
            _ => Err(unexpected()),
        }
    }
}

pub(super) fn get(key: &Bytes) -> Op {
    Op::RequestRange(RangeRequest { key: key.clone(), ..Default::default() })
}
