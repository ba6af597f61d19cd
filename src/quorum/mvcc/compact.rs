use super::tables::{Tables, WriteTables};
use super::{Result, Writer, meta};
use crate::wire::Refusal;
use bytes::Bytes;
use mesoform_etcd::pb::{CompactionRequest, CompactionResponse, Event, EventType};
use prost::Message;
use redb::ReadableTable;

/// Forgets what only matters to reads below the revision.
///
/// Every version up to it that a newer one up to it replaced goes, and every deletion below it. What
/// there is to forget is found from the revisions since the last compaction alone, so the cost goes
/// with them and not with the size of the store.
pub(super) fn compact(
    writer: &mut Writer<'_>,
    request: CompactionRequest,
) -> Result<CompactionResponse> {
    let tables = &mut writer.tables;
    if request.revision <= tables.compacted {
        return Err(Refusal::Compacted.into());
    }
    if request.revision > tables.revision {
        return Err(Refusal::FutureRevision.into());
    }
    for doomed in doomed(tables, request.revision)? {
        tables.revisions.remove((doomed.revision, doomed.place))?;
        if !doomed.superseded_within {
            tables.history.remove((doomed.key.as_ref(), doomed.revision))?;
        }
    }
    meta::set_compacted(&mut tables.meta, request.revision)?;
    tables.compacted = request.revision;
    Ok(CompactionResponse { header: writer.header() })
}

struct Doomed {
    key: Bytes,
    revision: u64,
    place: u32,
    /// The same revision holds a later event of the key: its history entry stays.
    superseded_within: bool,
}

fn doomed(tables: &WriteTables<'_>, upto: i64) -> Result<Vec<Doomed>> {
    let since = tables.compacted.max(0).unsigned_abs();
    let upto = upto.unsigned_abs();
    let mut doomed = Vec::new();
    for row in tables.revisions.range((since, 0)..=(upto, u32::MAX))? {
        let (at, event) = row?;
        let (revision, place) = at.value();
        let event = Event::decode(event.value())?;
        let deletion = event.r#type() == EventType::Delete;
        let key = event.kv.map(|kv| kv.key).unwrap_or_default();
        let newest_within =
            tables.history.get((key.as_ref(), revision))?.map(|place| place.value());
        if newest_within != Some(place) {
            doomed.push(Doomed { key, revision, place, superseded_within: true });
            continue;
        }
        // What happened at the last compaction has had its predecessors removed then.
        if revision > since {
            doomed.extend(predecessor(tables, &key, revision)?);
        }
        if deletion && revision < upto {
            doomed.push(Doomed { key, revision, place, superseded_within: false });
        }
    }
    Ok(doomed)
}

/// The version of `key` before `revision`; a deletion among them is found on its own.
fn predecessor(tables: &WriteTables<'_>, key: &Bytes, revision: u64) -> Result<Option<Doomed>> {
    let range = (key.as_ref(), 0)..(key.as_ref(), revision);
    let Some(row) = tables.history().range::<(&[u8], u64)>(range)?.next_back() else {
        return Ok(None);
    };
    let (at, place) = row?;
    let (_, revision) = at.value();
    let place = place.value();
    Ok(Some(Doomed { key: key.clone(), revision, place, superseded_within: false }))
}
