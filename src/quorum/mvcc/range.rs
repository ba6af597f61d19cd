use super::tables::Tables;
use super::{Interval, MvccError, Result};
use crate::wire::Refusal;
use bytes::Bytes;
use mesoform_etcd::pb::{
    Event, EventType, KeyValue, RangeRequest, RangeResponse, ResponseHeader, SortOrder, SortTarget,
};
use prost::Message;
use redb::ReadableTable;
use std::cmp::Ordering;
use std::ops::Bound;

/// What a read at one revision found.
struct Found {
    kvs: Vec<KeyValue>,
    /// All keys in the interval, more than `kvs` where a limit cut them.
    count: i64,
}

/// Answers a range request, as etcd does; the header carries only the revision.
pub fn range(tables: &impl Tables, request: &RangeRequest) -> Result<RangeResponse> {
    let now = tables.revision();
    check_revision(tables, request.revision)?;
    let at = if request.revision <= 0 { now } else { request.revision };
    let interval = Interval::new(&request.key, &request.range_end);
    let mut found = read(tables, &interval, at, fetch_limit(request), request.count_only)?;
    filter(&mut found.kvs, request);
    sort(&mut found.kvs, request);
    let limit = usize::try_from(request.limit).unwrap_or(0);
    let more = limit > 0 && found.kvs.len() > limit;
    if more {
        found.kvs.truncate(limit);
    }
    if request.keys_only {
        found.kvs.iter_mut().for_each(|kv| kv.value = Bytes::new());
    }
    let header = Some(ResponseHeader { revision: now, ..Default::default() });
    Ok(RangeResponse { header, kvs: found.kvs, more, count: found.count })
}

/// Whether the state at `revision` can be read.
pub(super) fn check_revision(tables: &impl Tables, revision: i64) -> Result<()> {
    if revision > tables.revision() {
        return Err(Refusal::FutureRevision.into());
    }
    if revision > 0 && revision < tables.compacted() {
        return Err(Refusal::Compacted.into());
    }
    Ok(())
}

/// The newest version of `key`.
pub(super) fn get(tables: &impl Tables, key: &[u8]) -> Result<Option<KeyValue>> {
    let value = tables.current().get(key)?;
    value.map(|value| KeyValue::decode(value.value())).transpose().map_err(Into::into)
}

/// All keys of `interval` as they are now, in order.
pub(super) fn all(tables: &impl Tables, interval: &Interval) -> Result<Vec<KeyValue>> {
    Ok(read(tables, interval, tables.revision(), 0, false)?.kvs)
}

/// One more than asked for tells whether there is more; filters and orders need everything.
fn fetch_limit(request: &RangeRequest) -> usize {
    let filtered = request.min_mod_revision != 0
        || request.max_mod_revision != 0
        || request.min_create_revision != 0
        || request.max_create_revision != 0;
    if filtered || request.sort_order() != SortOrder::None {
        return 0;
    }
    usize::try_from(request.limit).unwrap_or(0).saturating_add(usize::from(request.limit > 0))
}

fn read(
    tables: &impl Tables,
    interval: &Interval,
    at: i64,
    limit: usize,
    count_only: bool,
) -> Result<Found> {
    let mut found = Found { kvs: Vec::new(), count: 0 };
    if interval.is_empty() {
        return Ok(found);
    }
    let wanted = |found: &Found| !count_only && (limit == 0 || found.kvs.len() < limit);
    if at == tables.revision() {
        newest(tables, interval, &mut found, wanted)?;
    } else {
        past(tables, interval, at, &mut found, wanted)?;
    }
    Ok(found)
}

fn newest(
    tables: &impl Tables,
    interval: &Interval,
    found: &mut Found,
    wanted: impl Fn(&Found) -> bool,
) -> Result<()> {
    if let Some(key) = interval.point() {
        if let Some(kv) = get(tables, key)? {
            found.count = 1;
            if wanted(found) {
                found.kvs.push(kv);
            }
        }
        return Ok(());
    }
    let upper = interval.end().map_or(Bound::Unbounded, Bound::Excluded);
    for row in tables.current().range::<&[u8]>((Bound::Included(interval.start()), upper))? {
        let (_, value) = row?;
        found.count += 1;
        if wanted(found) {
            found.kvs.push(KeyValue::decode(value.value())?);
        }
    }
    Ok(())
}

/// Reads the state as it was at the revision `at`.
fn past(
    tables: &impl Tables,
    interval: &Interval,
    at: i64,
    found: &mut Found,
    wanted: impl Fn(&Found) -> bool,
) -> Result<()> {
    let at = at.unsigned_abs();
    let lower = Bound::Included((interval.start(), 0));
    let upper = match (interval.point(), interval.end()) {
        (Some(key), _) => Bound::Included((key.as_ref(), at)),
        (None, Some(end)) => Bound::Excluded((end, 0)),
        (None, None) => Bound::Unbounded,
    };
    // The last version of each key up to `at`, once the next key has come.
    let mut last: Option<(Vec<u8>, u64, u32)> = None;
    let settle = |last: Option<(Vec<u8>, u64, u32)>, found: &mut Found| -> Result<()> {
        let Some((_, revision, place)) = last else { return Ok(()) };
        let event = event_at(tables, revision, place)?;
        if event.r#type() == EventType::Put {
            found.count += 1;
            if wanted(found) {
                found.kvs.extend(event.kv);
            }
        }
        Ok(())
    };
    for row in tables.history().range::<(&[u8], u64)>((lower, upper))? {
        let (key, place) = row?;
        let (key, revision) = key.value();
        if last.as_ref().is_some_and(|(last, ..)| last != key) {
            settle(last.take(), found)?;
        }
        if revision <= at {
            last = Some((key.to_vec(), revision, place.value()));
        }
    }
    settle(last, found)
}

/// The event at one place of a revision.
pub(super) fn event_at(tables: &impl Tables, revision: u64, place: u32) -> Result<Event> {
    let event = tables.revisions().get((revision, place))?;
    let event = event
        .ok_or_else(|| MvccError::Damaged(format!("revision {revision}/{place} is missing")))?;
    Ok(Event::decode(event.value())?)
}

fn filter(kvs: &mut Vec<KeyValue>, request: &RangeRequest) {
    let keep =
        |value: i64, min: i64, max: i64| (min == 0 || value >= min) && (max == 0 || value <= max);
    kvs.retain(|kv| {
        keep(kv.mod_revision, request.min_mod_revision, request.max_mod_revision)
            && keep(kv.create_revision, request.min_create_revision, request.max_create_revision)
    });
}

fn sort(kvs: &mut [KeyValue], request: &RangeRequest) {
    let target = request.sort_target();
    let order = match request.sort_order() {
        // Keys come in order anyway; any other target is meant to be sorted.
        SortOrder::None if target != SortTarget::Key => SortOrder::Ascend,
        order => order,
    };
    let compare = |a: &KeyValue, b: &KeyValue| -> Ordering {
        match target {
            SortTarget::Key => a.key.cmp(&b.key),
            SortTarget::Version => a.version.cmp(&b.version),
            SortTarget::Create => a.create_revision.cmp(&b.create_revision),
            SortTarget::Mod => a.mod_revision.cmp(&b.mod_revision),
            SortTarget::Value => a.value.cmp(&b.value),
        }
    };
    match order {
        SortOrder::None => {}
        SortOrder::Ascend => kvs.sort_by(compare),
        SortOrder::Descend => kvs.sort_by(|a, b| compare(b, a)),
    }
}
