use super::range::event_at;
use super::tables::Tables;
use super::{Interval, Result};
use bytes::Bytes;
use mesoform_etcd::pb::{Event, EventType, KeyValue};
use prost::Message;
use redb::ReadableTable;

/// What happened to the keys of `interval` from the revision `from` on: whole revisions, up to the
/// end or until about `budget` bytes are gathered. Also says up to which revision that was.
///
/// The caller has checked that `from` is not compacted.
pub fn events_between(
    tables: &impl Tables,
    from: i64,
    budget: usize,
    wanted: impl Fn(&[u8]) -> bool,
) -> Result<(Vec<(i64, Event)>, i64)> {
    let mut events = Vec::new();
    let mut gathered = 0;
    let mut last = from - 1;
    for row in tables.revisions().range((from.max(0).unsigned_abs(), 0)..)? {
        let (at, event) = row?;
        let revision = at.value().0.cast_signed();
        if gathered >= budget && revision != last {
            return Ok((events, last));
        }
        last = revision;
        let size = event.value().len();
        let event = Event::decode(event.value())?;
        // Reading on for nothing costs too, so what is skipped counts a little.
        gathered += if event.kv.as_ref().is_some_and(|kv| wanted(&kv.key)) {
            events.push((revision, event));
            size
        } else {
            size / 16
        };
    }
    Ok((events, tables.revision()))
}

/// Adds the version of its key that an event replaced, where it is still kept.
pub fn with_previous(tables: &impl Tables, revision: i64, event: Event) -> Result<Event> {
    let key = event.kv.as_ref().map(|kv| kv.key.clone()).unwrap_or_default();
    Ok(Event { prev_kv: version_before(tables, &key, revision)?, ..event })
}

fn version_before(tables: &impl Tables, key: &Bytes, revision: i64) -> Result<Option<KeyValue>> {
    let range = (key.as_ref(), 0)..(key.as_ref(), revision.unsigned_abs());
    let Some(row) = tables.history().range::<(&[u8], u64)>(range)?.next_back() else {
        return Ok(None);
    };
    let (at, place) = row?;
    let event = event_at(tables, at.value().1, place.value())?;
    Ok(event.kv.filter(|_| event.r#type == EventType::Put as i32))
}

impl Interval {
    /// Whether an event is about a key of this interval.
    pub fn concerns(&self, event: &Event) -> bool {
        event.kv.as_ref().is_some_and(|kv| self.contains(&kv.key))
    }
}
