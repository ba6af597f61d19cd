use crate::wire::Command;
use crate::wire::command::Kind;
use bytes::Bytes;
use mesoform_etcd::pb::request_op::Request;
use mesoform_etcd::pb::{
    DeleteRangeRequest, PutRequest, RangeRequest, RequestOp, SortOrder, SortTarget, TxnRequest,
};
use std::collections::BTreeSet;

use super::Interval;

/// etcd's default for `--max-txn-ops`.
const MAX_TXN_OPS: usize = 128;

/// Why a request cannot be right, whatever the state is. Judged before it is proposed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Malformed {
    EmptyKey,
    ValueProvided,
    LeaseProvided,
    TooManyOps,
    DuplicateKey,
    InvalidSortOption,
    /// An operation of a transaction that says nothing, or nothing that is known.
    EmptyOperation,
}

/// Checks what a client wants to have proposed.
///
/// # Errors
/// What is wrong with it.
pub fn check_command(command: &Command) -> Result<(), Malformed> {
    match &command.kind {
        Some(Kind::Put(request)) => check_put(request),
        Some(Kind::DeleteRange(request)) => check_delete(request),
        Some(Kind::Txn(request)) => {
            check_txn(request, MAX_TXN_OPS)?;
            touched(&request.success)?;
            touched(&request.failure).map(|_| ())
        }
        Some(Kind::Compact(_) | Kind::LeaseGrant(_) | Kind::LeaseRevoke(_) | Kind::Raise(_)) => {
            Ok(())
        }
        None => Err(Malformed::EmptyOperation),
    }
}

/// Checks a read.
///
/// # Errors
/// What is wrong with it.
pub fn check_range(request: &RangeRequest) -> Result<(), Malformed> {
    key_given(&request.key)?;
    let known = SortOrder::try_from(request.sort_order).is_ok()
        && SortTarget::try_from(request.sort_target).is_ok();
    known.then_some(()).ok_or(Malformed::InvalidSortOption)
}

fn check_put(request: &PutRequest) -> Result<(), Malformed> {
    key_given(&request.key)?;
    if request.ignore_value && !request.value.is_empty() {
        return Err(Malformed::ValueProvided);
    }
    if request.ignore_lease && request.lease != 0 {
        return Err(Malformed::LeaseProvided);
    }
    Ok(())
}

fn check_delete(request: &DeleteRangeRequest) -> Result<(), Malformed> {
    key_given(&request.key)
}

fn key_given(key: &Bytes) -> Result<(), Malformed> {
    (!key.is_empty()).then_some(()).ok_or(Malformed::EmptyKey)
}

/// Transactions within transactions share the outer one's allowance, which also bounds their depth.
fn check_txn(request: &TxnRequest, allowance: usize) -> Result<(), Malformed> {
    let ops = request.compare.len().max(request.success.len()).max(request.failure.len());
    let left = allowance.checked_sub(ops).ok_or(Malformed::TooManyOps)?;
    request.compare.iter().try_for_each(|compare| key_given(&compare.key))?;
    let mut operations = request.success.iter().chain(&request.failure);
    operations.try_for_each(|op| match &op.request {
        Some(Request::RequestRange(request)) => check_range(request),
        Some(Request::RequestPut(request)) => check_put(request),
        Some(Request::RequestDeleteRange(request)) => check_delete(request),
        Some(Request::RequestTxn(request)) => check_txn(request, left),
        None => Err(Malformed::EmptyOperation),
    })
}

/// What the operations of a branch change.
#[derive(Default)]
struct Touched {
    puts: BTreeSet<Bytes>,
    deletes: Vec<Interval>,
}

impl Touched {
    fn put(&mut self, key: &Bytes, repeated: bool) -> Result<(), Malformed> {
        let deleted = self.deletes.iter().any(|interval| interval.contains(key));
        let fresh = self.puts.insert(key.clone());
        if deleted || !(fresh || repeated) { Err(Malformed::DuplicateKey) } else { Ok(()) }
    }
}

/// No key may be put twice in one transaction, nor put and deleted. Of a transaction within, only
/// one branch will be taken, so both may put the same key.
fn touched(ops: &[RequestOp]) -> Result<Touched, Malformed> {
    let mut all = Touched::default();
    for op in ops {
        if let Some(Request::RequestDeleteRange(delete)) = &op.request {
            // etcd overlooks deletions without an end here, and so clients may rely on them.
            if delete.range_end.as_ref() != [0] {
                all.deletes.push(Interval::new(&delete.key, &delete.range_end));
            }
        }
    }
    for op in ops {
        if let Some(Request::RequestTxn(inner)) = &op.request {
            let then = touched(&inner.success)?;
            let otherwise = touched(&inner.failure)?;
            then.puts.iter().try_for_each(|key| all.put(key, false))?;
            for key in &otherwise.puts {
                all.put(key, then.puts.contains(key))?;
            }
            all.deletes.extend(then.deletes);
            all.deletes.extend(otherwise.deletes);
        }
    }
    for op in ops {
        if let Some(Request::RequestPut(put)) = &op.request {
            all.put(&put.key, false)?;
        }
    }
    Ok(all)
}
