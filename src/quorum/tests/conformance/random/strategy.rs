//! Random requests: few keys and values, so that they meet.

use super::Ask;
use mesoform_etcd::pb::compare::{CompareResult, CompareTarget, TargetUnion};
use mesoform_etcd::pb::request_op::Request;
use mesoform_etcd::pb::{
    CompactionRequest, Compare, DeleteRangeRequest, LeaseGrantRequest, LeaseRevokeRequest,
    LeaseTimeToLiveRequest, PutRequest, RangeRequest, RequestOp, TxnRequest, WatchCreateRequest,
};
use proptest::prelude::*;
use proptest::sample::select;

/// In order.
pub const KEYS: &[&str] = &["a", "aa", "ab", "b", "c", "ca", "d"];

/// A request to a store whose revisions begin after `base`.
pub fn request(base: i64, compactions: bool) -> impl Strategy<Value = Ask> {
    let compact = (base..base + 150, any::<bool>())
        .prop_map(|(revision, physical)| Ask::Compact(CompactionRequest { revision, physical }));
    let id = || 1i64..4;
    prop_oneof![
        10 => put().prop_map(Ask::Put),
        3 => delete().prop_map(Ask::Delete),
        8 => range(base).prop_map(Ask::Range),
        6 => txn(base).prop_map(Ask::Txn),
        u32::from(compactions) => compact,
        1 => id().prop_map(|id| Ask::Grant(LeaseGrantRequest { id, ttl: 1000 })),
        1 => id().prop_map(|id| Ask::Revoke(LeaseRevokeRequest { id })),
        1 => id().prop_map(|id| Ask::TimeToLive(LeaseTimeToLiveRequest { id, keys: true })),
        1 => Just(Ask::Leases),
    ]
}

/// A watch from now on.
pub fn live_watch(previous: bool) -> impl Strategy<Value = WatchCreateRequest> {
    (watch(), any::<bool>()).prop_map(move |(watch, prev_kv)| WatchCreateRequest {
        prev_kv: previous && prev_kv,
        ..watch
    })
}

/// A watch of what was, up to `now`.
pub fn history_watch(base: i64, now: i64) -> impl Strategy<Value = WatchCreateRequest> {
    (watch(), base + 1..now.max(base + 1) + 1)
        .prop_map(|(watch, start_revision)| WatchCreateRequest { start_revision, ..watch })
}

fn watch() -> impl Strategy<Value = WatchCreateRequest> {
    let interval =
        select(vec![("a", ""), ("a", "b"), ("b", "d"), ("\0", "\0"), ("c", "\0"), ("q", "")]);
    let filters = select(vec![vec![], vec![], vec![0], vec![1], vec![0, 1]]);
    (interval, filters).prop_map(|((key, end), filters)| WatchCreateRequest {
        key: key.into(),
        range_end: end.into(),
        filters,
        ..Default::default()
    })
}

fn key() -> impl Strategy<Value = &'static str> {
    prop_oneof![9 => select(KEYS), 1 => Just("")]
}

fn end() -> impl Strategy<Value = &'static str> {
    select(vec!["", "", "", "b", "c", "z", "\0", "a"])
}

fn put() -> impl Strategy<Value = PutRequest> {
    let value = select(vec!["", "1", "2", "30"]);
    let rare = || prop::bool::weighted(0.15);
    (key(), value, select(vec![0, 0, 0, 1, 2, 3]), any::<bool>(), rare(), rare()).prop_map(
        |(key, value, lease, prev_kv, ignore_value, ignore_lease)| PutRequest {
            key: key.into(),
            value: if ignore_value && value == "1" { "".into() } else { value.into() },
            lease,
            prev_kv,
            ignore_value,
            ignore_lease,
        },
    )
}

fn delete() -> impl Strategy<Value = DeleteRangeRequest> {
    (key(), end(), any::<bool>()).prop_map(|(key, end, prev_kv)| DeleteRangeRequest {
        key: key.into(),
        range_end: end.into(),
        prev_kv,
    })
}

fn range(base: i64) -> impl Strategy<Value = RangeRequest> {
    let bound = move || select(vec![0i64, 0, 0, 0, base + 5, base + 20, base + 50]);
    let small = select(vec![0i64, 0, 1, 2, 3]);
    let revision = prop_oneof![3 => Just(0i64), 2 => base + 1..base + 120];
    let rare = || prop::bool::weighted(0.2);
    (
        (key(), end(), small, revision),
        (0i32..3, 0i32..5, rare(), rare(), any::<bool>()),
        (bound(), bound(), bound(), bound()),
    )
        .prop_map(
            |((key, end, limit, revision), (order, target, keys, count, stale), bounds)| {
                RangeRequest {
                    key: key.into(),
                    range_end: end.into(),
                    limit,
                    revision,
                    sort_order: order,
                    sort_target: target,
                    serializable: stale,
                    keys_only: keys,
                    count_only: count,
                    min_mod_revision: bounds.0,
                    max_mod_revision: bounds.1,
                    min_create_revision: bounds.2,
                    max_create_revision: bounds.3,
                }
            },
        )
}

fn compare(base: i64) -> impl Strategy<Value = Compare> {
    let revision = move || prop_oneof![1 => Just(0), 6 => base..base + 60];
    let wanted = prop_oneof![
        (0i64..4).prop_map(|n| (CompareTarget::Version, TargetUnion::Version(n))),
        revision().prop_map(|n| (CompareTarget::Create, TargetUnion::CreateRevision(n))),
        revision().prop_map(|n| (CompareTarget::Mod, TargetUnion::ModRevision(n))),
        (0i64..3).prop_map(|n| (CompareTarget::Lease, TargetUnion::Lease(n))),
        select(vec!["", "1", "2"])
            .prop_map(|v| (CompareTarget::Value, TargetUnion::Value(v.into()))),
    ];
    let result = select(vec![
        CompareResult::Equal,
        CompareResult::NotEqual,
        CompareResult::Greater,
        CompareResult::Less,
    ]);
    (key(), end(), result, wanted).prop_map(|(key, end, result, (target, wanted))| Compare {
        result: result as i32,
        target: target as i32,
        key: key.into(),
        target_union: Some(wanted),
        range_end: end.into(),
    })
}

fn txn(base: i64) -> impl Strategy<Value = TxnRequest> {
    let op = prop_oneof![
        3 => put().prop_map(Request::RequestPut),
        2 => range(base).prop_map(Request::RequestRange),
        1 => delete().prop_map(Request::RequestDeleteRange),
    ];
    let flat = op.prop_map(|request| RequestOp { request: Some(request) }).boxed();
    let branch = |op: BoxedStrategy<RequestOp>| prop::collection::vec(op, 0..3);
    let transaction = move |op: BoxedStrategy<RequestOp>| {
        (prop::collection::vec(compare(base), 0..3), branch(op.clone()), branch(op))
            .prop_map(|(compare, success, failure)| TxnRequest { compare, success, failure })
    };
    let nested = transaction(flat.clone())
        .prop_map(|txn| RequestOp { request: Some(Request::RequestTxn(txn)) })
        .boxed();
    transaction(prop_oneof![5 => flat, 1 => nested].boxed())
}
