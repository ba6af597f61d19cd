use crate::call::{ATTEMPT, repeated};
use crate::election::created;
use crate::pool::Pool;
use crate::{Entry, Op, Result};
use mesoform_etcd::client::KvClient;
use mesoform_etcd::pb::request_op::Request;
use mesoform_etcd::pb::response_op::Response;
use mesoform_etcd::pb::{RangeRequest, RequestOp, TxnRequest};

/// Puts `value` down at `key` where nothing is; returns what was there before. In the same transaction the keys
/// of `forget` go. May be repeated: whoever was first stays.
pub(crate) async fn claim(
    pool: &Pool,
    key: &str,
    value: Vec<u8>,
    forget: Vec<String>,
) -> Result<Option<Entry>> {
    let stored = |key: &str| pool.key(key);
    let ops = [Op::put(key, value)].into_iter().chain(forget.into_iter().map(Op::delete));
    let get = RangeRequest { key: pool.key(key).into(), ..Default::default() };
    let request = TxnRequest {
        compare: vec![created(pool.key(key).into_bytes(), 0)],
        success: ops.map(|op| op.request(stored)).collect(),
        failure: vec![RequestOp { request: Some(Request::RequestRange(get)) }],
    };
    let answer = repeated(pool, "claim", ATTEMPT, |line| {
        let request = request.clone();
        async move { KvClient::new(line.channel).txn(request).await }
    })
    .await?;
    let responses = if answer.succeeded { Vec::new() } else { answer.responses };
    let found = responses.into_iter().find_map(|one| match one.response {
        Some(Response::ResponseRange(range)) => range.kvs.into_iter().next(),
        _ => None,
    });
    Ok(found.map(|kv| Entry::from(kv).without(pool.prefix())))
}
