use super::*;
use crate::mvcc::{Malformed, check_command};
use mesoform_etcd::pb::compare::{CompareResult, CompareTarget, TargetUnion};
use mesoform_etcd::pb::request_op::Request;
use mesoform_etcd::pb::response_op::Response;
use mesoform_etcd::pb::{Compare, RequestOp};

fn op(request: Request) -> RequestOp {
    RequestOp { request: Some(request) }
}

fn puts(key: &str, value: &str) -> RequestOp {
    op(Request::RequestPut(put(key, value)))
}

fn gets(key: &str) -> RequestOp {
    op(Request::RequestRange(RangeRequest { key: b(key), ..Default::default() }))
}

fn deletes(key: &str, end: &str) -> RequestOp {
    let request = DeleteRangeRequest { key: b(key), range_end: b(end), prev_kv: false };
    op(Request::RequestDeleteRange(request))
}

fn when(key: &str, result: CompareResult, wanted: TargetUnion) -> Compare {
    let target = match &wanted {
        TargetUnion::Version(_) => CompareTarget::Version,
        TargetUnion::CreateRevision(_) => CompareTarget::Create,
        TargetUnion::ModRevision(_) => CompareTarget::Mod,
        TargetUnion::Value(_) => CompareTarget::Value,
        TargetUnion::Lease(_) => CompareTarget::Lease,
    };
    Compare {
        result: result as i32,
        target: target as i32,
        key: b(key),
        target_union: Some(wanted),
        range_end: Bytes::new(),
    }
}

fn success(ops: Vec<RequestOp>) -> TxnRequest {
    TxnRequest { success: ops, ..Default::default() }
}

fn judge(store: &mut Store, compare: Compare) -> bool {
    store.txn(TxnRequest { compare: vec![compare], ..Default::default() }).unwrap().succeeded
}

#[test]
fn all_changes_share_a_revision_and_reads_see_them() {
    let mut store = Store::new();
    let response = store.txn(success(vec![puts("a", "1"), gets("a"), puts("b", "1")])).unwrap();
    assert_eq!(response.header.unwrap().revision, 2);
    let Some(Response::ResponseRange(range)) = &response.responses[1].response else { panic!() };
    assert_eq!(show(&range.kvs[0]), "a=1 c2 m2 v1");
    assert_eq!(store.all(0).unwrap(), ["a=1 c2 m2 v1", "b=1 c2 m2 v1"]);
    assert_eq!(store.changes.len(), 1);
}

#[test]
fn a_key_may_come_and_go_in_one_revision() {
    let mut store = Store::new();
    store.put("a", "1");
    store.txn(success(vec![puts("a", "2"), puts("b", "1"), deletes("a", "\0")])).unwrap();
    assert_eq!(store.all(0).unwrap(), Vec::<String>::new());
    assert_eq!(store.all(3).unwrap(), Vec::<String>::new());
    assert_eq!(store.all(2).unwrap(), ["a=1 c2 m2 v1"]);
    let Some(Change::Revision { events, .. }) = store.changes.last() else { panic!() };
    assert_eq!(events.len(), 4);
    store.compact(3).unwrap();
    assert_eq!(store.all(3).unwrap(), Vec::<String>::new());
}

#[test]
fn conditions_choose_the_branch() {
    use CompareResult::*;
    let mut store = Store::new();
    store.put("a", "5");
    for (result, wanted, holds) in [
        (Equal, TargetUnion::Value(b("5")), true),
        (NotEqual, TargetUnion::Value(b("5")), false),
        (Greater, TargetUnion::Value(b("4")), true),
        (Equal, TargetUnion::Version(1), true),
        (Less, TargetUnion::CreateRevision(3), true),
        (Greater, TargetUnion::ModRevision(2), false),
        (Equal, TargetUnion::Lease(0), true),
    ] {
        assert_eq!(
            judge(&mut store, when("a", result, wanted.clone())),
            holds,
            "{result:?} {wanted:?}"
        );
    }
    // A key that is not there counts as zeros, but has no value to compare.
    assert!(judge(&mut store, when("x", Equal, TargetUnion::CreateRevision(0))));
    assert!(judge(&mut store, when("x", Equal, TargetUnion::Version(0))));
    assert!(!judge(&mut store, when("x", NotEqual, TargetUnion::Value(b("5")))));
}

#[test]
fn a_condition_on_a_range_must_hold_for_every_key() {
    let mut store = Store::new();
    store.put("a", "1");
    store.put("b", "1");
    let all_old = |revision| Compare {
        range_end: b("z"),
        ..when("a", CompareResult::Less, TargetUnion::ModRevision(revision))
    };
    assert!(!judge(&mut store, all_old(3)));
    assert!(judge(&mut store, all_old(4)));
}

#[test]
fn transactions_within_judge_the_state_before_all() {
    let mut store = Store::new();
    let inner = TxnRequest {
        compare: vec![when("a", CompareResult::Equal, TargetUnion::Version(0))],
        success: vec![puts("b", "then")],
        failure: vec![puts("b", "else")],
    };
    let outer = success(vec![puts("a", "1"), op(Request::RequestTxn(inner))]);
    let response = store.txn(outer).unwrap();
    let Some(Response::ResponseTxn(inner)) = &response.responses[1].response else { panic!() };
    assert!(inner.succeeded);
    assert_eq!(store.all(0).unwrap(), ["a=1 c2 m2 v1", "b=then c2 m2 v1"]);
}

#[test]
fn what_cannot_be_done_in_full_is_not_done_at_all() {
    let mut store = Store::new();
    let leased = op(Request::RequestPut(PutRequest { lease: 9, ..put("b", "1") }));
    assert_eq!(store.txn(success(vec![puts("a", "1"), leased])), Err(Refusal::LeaseNotFound));
    let kept = op(Request::RequestPut(PutRequest { ignore_value: true, ..put("b", "") }));
    assert_eq!(store.txn(success(vec![puts("a", "1"), kept])), Err(Refusal::KeyNotFound));
    let future = RangeRequest { key: b("a"), revision: 99, ..Default::default() };
    let future = op(Request::RequestRange(future));
    assert_eq!(store.txn(success(vec![puts("a", "1"), future])), Err(Refusal::FutureRevision));
    assert_eq!(store.all(0).unwrap(), Vec::<String>::new());
    assert_eq!(store.revision(), 1);
    assert!(store.changes.is_empty());
}

#[test]
fn malformed_requests_are_told_apart() {
    let check = |kind: Kind| check_command(&kind.into());
    let txn = |ops| check(Kind::Txn(success(ops)));
    assert_eq!(check(Kind::Put(put("", "1"))), Err(Malformed::EmptyKey));
    let value = PutRequest { ignore_value: true, ..put("a", "1") };
    assert_eq!(check(Kind::Put(value)), Err(Malformed::ValueProvided));
    let lease = PutRequest { ignore_lease: true, lease: 1, ..put("a", "1") };
    assert_eq!(check(Kind::Put(lease)), Err(Malformed::LeaseProvided));
    assert_eq!(txn(vec![puts("a", "1"), puts("a", "2")]), Err(Malformed::DuplicateKey));
    assert_eq!(txn(vec![puts("b", "1"), deletes("a", "c")]), Err(Malformed::DuplicateKey));
    assert_eq!(txn(vec![deletes("a", "c"), deletes("a", "b")]), Ok(()));
    assert_eq!(txn(vec![puts("c", "1"), deletes("a", "c")]), Ok(()));
    assert_eq!(txn(vec![puts("c", "1"), deletes("a", "\0")]), Ok(()));
    assert_eq!(txn(vec![gets("a"); 128]), Ok(()));
    assert_eq!(txn(vec![gets("a"); 129]), Err(Malformed::TooManyOps));
    assert_eq!(txn(vec![RequestOp { request: None }]), Err(Malformed::EmptyOperation));
}

#[test]
fn branches_of_a_transaction_within_may_put_the_same_key() {
    let either = |then: &str, otherwise: &str| {
        op(Request::RequestTxn(TxnRequest {
            compare: Vec::new(),
            success: vec![puts(then, "1")],
            failure: vec![puts(otherwise, "2")],
        }))
    };
    let txn = |ops| check_command(&Kind::Txn(success(ops)).into());
    assert_eq!(txn(vec![either("a", "a")]), Ok(()));
    assert_eq!(txn(vec![either("a", "b"), either("c", "b")]), Err(Malformed::DuplicateKey));
    assert_eq!(txn(vec![either("a", "a"), puts("a", "3")]), Err(Malformed::DuplicateKey));
}
