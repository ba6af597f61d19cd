//! The judges' words to etcd's, and back.

use super::way::Way;
use crate::{Answer, Ask, Change, Clock, Found, Happened, Keys, Outcome};
use bytes::Bytes;
use mesoform_etcd::client::KvClient;
use mesoform_etcd::pb::compare::{CompareResult, CompareTarget, TargetUnion};
use mesoform_etcd::pb::request_op::Request;
use mesoform_etcd::pb::response_op::Response;
use mesoform_etcd::pb::{
    Compare, DeleteRangeRequest, Event, EventType, KeyValue, PutRequest, RangeRequest, RequestOp,
    ResponseHeader, ResponseOp, TxnRequest,
};
use std::error::Error;
use std::time::Duration;
use tokio::time::timeout;
use tonic::{Code, ConnectError, Status};

/// A key and the end of its range.
pub fn range_of(keys: &Keys) -> (Bytes, Bytes) {
    match keys {
        Keys::One(key) => (key.clone().into(), Bytes::new()),
        Keys::Prefix(prefix) => {
            let mut end = prefix.as_bytes().to_vec();
            if let Some(last) = end.last_mut() {
                *last += 1;
                return (prefix.clone().into(), end.into());
            }
            (Bytes::from_static(&[0]), Bytes::from_static(&[0]))
        }
    }
}

/// Asks one voter.
/// # Errors
/// The voter's.
pub async fn ask(way: &Way, ask: &Ask) -> Result<Answer, Status> {
    let mut kv = KvClient::new(way.clone());
    match ask {
        Ask::Read { keys, serializable, revision } => {
            let (key, range_end) = range_of(keys);
            let (serializable, revision) = (*serializable, *revision);
            let request =
                RangeRequest { key, range_end, serializable, revision, ..Default::default() };
            let response = kv.range(request).await?.into_inner();
            let found = response.kvs.into_iter().map(found).collect();
            Ok(Answer::Read { revision: at(response.header), found })
        }
        Ask::Write { guard: None, changes } if changes.len() == 1 => change(kv, &changes[0]).await,
        Ask::Write { guard, changes } => transact(kv, guard.as_ref(), changes).await,
    }
}

async fn change(mut kv: KvClient<Way>, change: &Change) -> Result<Answer, Status> {
    match operation(change) {
        Request::RequestPut(put) => {
            let revision = at(kv.put(put).await?.into_inner().header);
            Ok(Answer::Written { revision, deleted: Vec::new() })
        }
        Request::RequestDeleteRange(delete) => {
            let response = kv.delete_range(delete).await?.into_inner();
            Ok(Answer::Written { revision: at(response.header), deleted: vec![response.deleted] })
        }
        _ => Err(Status::internal("neither put nor delete")),
    }
}

async fn transact(
    mut kv: KvClient<Way>,
    guard: Option<&(String, i64)>,
    changes: &[Change],
) -> Result<Answer, Status> {
    let compare = guard.map(|(key, modified)| Compare {
        result: CompareResult::Equal.into(),
        target: CompareTarget::Mod.into(),
        key: key.clone().into(),
        target_union: Some(TargetUnion::ModRevision(*modified)),
        ..Default::default()
    });
    let look = guard.map(|(key, _)| {
        Request::RequestRange(RangeRequest { key: key.clone().into(), ..Default::default() })
    });
    let request = TxnRequest {
        compare: compare.into_iter().collect(),
        success: changes.iter().map(|change| op(operation(change))).collect(),
        failure: look.map(op).into_iter().collect(),
    };
    let response = kv.txn(request).await?.into_inner();
    let revision = at(response.header);
    let mut responses = response.responses.into_iter();
    if response.succeeded {
        return Ok(Answer::Written { revision, deleted: responses.filter_map(deleted).collect() });
    }
    let found = match responses.next().and_then(|response| response.response) {
        Some(Response::ResponseRange(range)) => range.kvs.into_iter().next().map(found),
        other => return Err(Status::internal(format!("an answer of another kind: {other:?}"))),
    };
    Ok(Answer::Refused { revision, found })
}

fn deleted(response: ResponseOp) -> Option<i64> {
    match response.response {
        Some(Response::ResponseDeleteRange(response)) => Some(response.deleted),
        _ => None,
    }
}

fn operation(change: &Change) -> Request {
    match change {
        Change::Put { key, value, lease } => Request::RequestPut(PutRequest {
            key: key.clone().into(),
            value: value.clone().into(),
            lease: *lease,
            ..Default::default()
        }),
        Change::Delete { key } => Request::RequestDeleteRange(DeleteRangeRequest {
            key: key.clone().into(),
            ..Default::default()
        }),
    }
}

fn op(request: Request) -> RequestOp {
    RequestOp { request: Some(request) }
}

fn at(header: Option<ResponseHeader>) -> i64 {
    header.map_or(0, |header| header.revision)
}

pub fn found(kv: KeyValue) -> Found {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Found {
        key: text(&kv.key),
        value: text(&kv.value),
        created: kv.create_revision,
        modified: kv.mod_revision,
        version: kv.version,
        lease: kv.lease,
    }
}

/// An event, and what was there before.
pub fn happened(event: Event) -> (Happened, Option<Found>) {
    let is_put = event.r#type() == EventType::Put;
    let now = found(event.kv.unwrap_or_default());
    let happened =
        Happened { revision: now.modified, key: now.key.clone(), now: is_put.then_some(now) };
    (happened, event.prev_kv.map(found))
}

/// Asks, and judges what is known afterwards.
pub async fn outcome(way: &Way, what: &Ask, clock: &Clock, patience: Duration) -> Outcome {
    match timeout(patience, ask(way, what)).await {
        Ok(Ok(answer)) => Outcome::Done { at: clock.tick(), answer },
        Ok(Err(status)) if is_certain(&status) => Outcome::Failed,
        Ok(Err(_)) | Err(_) => Outcome::Unknown,
    }
}

/// Whether nothing was changed, for certain.
fn is_certain(status: &Status) -> bool {
    let refused = matches!(
        status.code(),
        Code::InvalidArgument
            | Code::NotFound
            | Code::FailedPrecondition
            | Code::OutOfRange
            | Code::ResourceExhausted
            | Code::PermissionDenied
    );
    let no_leader =
        status.code() == Code::Unavailable && status.message() == "etcdserver: no leader";
    refused || no_leader || was_never_sent(status)
}

fn was_never_sent(status: &Status) -> bool {
    let mut cause = status.source();
    while let Some(error) = cause {
        if error.is::<ConnectError>() {
            return true;
        }
        cause = error.source();
    }
    false
}
