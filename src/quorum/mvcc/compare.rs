use super::tables::Tables;
use super::{Interval, Result, range};
use mesoform_etcd::pb::compare::{CompareResult, CompareTarget, TargetUnion};
use mesoform_etcd::pb::{Compare, KeyValue};
use std::cmp::Ordering;

/// Whether every condition of a transaction holds.
pub(super) fn all_hold(tables: &impl Tables, compares: &[Compare]) -> Result<bool> {
    for compare in compares {
        if !holds(tables, compare)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A key that is not there compares as all zeros, but never by value.
fn holds(tables: &impl Tables, compare: &Compare) -> Result<bool> {
    let kvs = range::all(tables, &Interval::new(&compare.key, &compare.range_end))?;
    if kvs.is_empty() {
        let by_value = compare.target() == CompareTarget::Value;
        return Ok(!by_value && holds_for(&KeyValue::default(), compare));
    }
    Ok(kvs.iter().all(|kv| holds_for(kv, compare)))
}

fn holds_for(kv: &KeyValue, compare: &Compare) -> bool {
    let order = match compare.target() {
        CompareTarget::Value => kv.value.as_ref().cmp(value_of(compare)),
        CompareTarget::Version => kv.version.cmp(&number_of(compare)),
        CompareTarget::Create => kv.create_revision.cmp(&number_of(compare)),
        CompareTarget::Mod => kv.mod_revision.cmp(&number_of(compare)),
        CompareTarget::Lease => kv.lease.cmp(&number_of(compare)),
    };
    match compare.result() {
        CompareResult::Equal => order == Ordering::Equal,
        CompareResult::NotEqual => order != Ordering::Equal,
        CompareResult::Greater => order == Ordering::Greater,
        CompareResult::Less => order == Ordering::Less,
    }
}

fn value_of(compare: &Compare) -> &[u8] {
    match &compare.target_union {
        Some(TargetUnion::Value(value)) => value,
        _ => &[],
    }
}

/// The number to compare with; one that was meant for another target is none, so 0, as in etcd.
fn number_of(compare: &Compare) -> i64 {
    match (compare.target(), &compare.target_union) {
        (CompareTarget::Version, Some(TargetUnion::Version(number)))
        | (CompareTarget::Create, Some(TargetUnion::CreateRevision(number)))
        | (CompareTarget::Mod, Some(TargetUnion::ModRevision(number)))
        | (CompareTarget::Lease, Some(TargetUnion::Lease(number))) => *number,
        _ => 0,
    }
}
