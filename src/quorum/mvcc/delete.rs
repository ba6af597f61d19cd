use super::{Interval, Result, Writer, put, range};
use mesoform_etcd::pb::{DeleteRangeRequest, DeleteRangeResponse, Event, EventType, KeyValue};

pub(super) fn delete_range(
    writer: &mut Writer<'_>,
    request: &DeleteRangeRequest,
) -> Result<DeleteRangeResponse> {
    let interval = Interval::new(&request.key, &request.range_end);
    let doomed = range::all(&writer.tables, &interval)?;
    for kv in &doomed {
        delete(writer, kv)?;
    }
    Ok(DeleteRangeResponse {
        header: writer.header(),
        deleted: i64::try_from(doomed.len()).unwrap_or(i64::MAX),
        prev_kvs: if request.prev_kv { doomed } else { Vec::new() },
    })
}

/// Deletes a key that is there.
pub(super) fn delete(writer: &mut Writer<'_>, kv: &KeyValue) -> Result<()> {
    put::detach(&mut writer.tables, kv.lease, &kv.key)?;
    writer.tables.current.remove(kv.key.as_ref())?;
    let tombstone = KeyValue {
        key: kv.key.clone(),
        mod_revision: writer.next_revision(),
        ..Default::default()
    };
    let event = Event { r#type: EventType::Delete as i32, kv: Some(tombstone), prev_kv: None };
    writer.record(event, Some(kv.clone()))
}
