use super::range::get;
use super::tables::WriteTables;
use super::{Result, Writer};
use crate::wire::Refusal;
use bytes::Bytes;
use mesoform_etcd::pb::{Event, EventType, KeyValue, PutRequest, PutResponse};
use prost::Message;
use redb::ReadableTable;

/// Whether a put may be done: asked before anything of its transaction is.
pub(super) fn check(tables: &WriteTables<'_>, request: &PutRequest) -> Result<()> {
    check_key(tables, request)?;
    check_lease(tables, request)
}

fn check_key(tables: &WriteTables<'_>, request: &PutRequest) -> Result<()> {
    let needed = request.ignore_value || request.ignore_lease;
    if needed && tables.current.get(request.key.as_ref())?.is_none() {
        return Err(Refusal::KeyNotFound.into());
    }
    Ok(())
}

fn check_lease(tables: &WriteTables<'_>, request: &PutRequest) -> Result<()> {
    if request.lease != 0 && tables.leases.get(request.lease)?.is_none() {
        return Err(Refusal::LeaseNotFound.into());
    }
    Ok(())
}

pub(super) fn put(writer: &mut Writer<'_>, request: &PutRequest) -> Result<PutResponse> {
    // Of two faults etcd names the lease here, and the key within a transaction.
    check_lease(&writer.tables, request)?;
    check_key(&writer.tables, request)?;
    let previous = get(&writer.tables, &request.key)?;
    let kv = next_version(request, previous.as_ref(), writer.next_revision());
    move_lease(&mut writer.tables, &kv, previous.as_ref().map_or(0, |kv| kv.lease))?;
    writer.tables.current.insert(kv.key.as_ref(), kv.encode_to_vec().as_slice())?;
    let answer = previous.clone().filter(|_| request.prev_kv);
    let event = Event { r#type: EventType::Put as i32, kv: Some(kv), prev_kv: None };
    writer.record(event, previous)?;
    Ok(PutResponse { header: writer.header(), prev_kv: answer })
}

fn next_version(request: &PutRequest, previous: Option<&KeyValue>, revision: i64) -> KeyValue {
    let kept = |ignore: bool| previous.filter(|_| ignore);
    KeyValue {
        key: request.key.clone(),
        create_revision: previous.map_or(revision, |kv| kv.create_revision),
        mod_revision: revision,
        version: previous.map_or(0, |kv| kv.version) + 1,
        value: kept(request.ignore_value).map_or(&request.value, |kv| &kv.value).clone(),
        lease: kept(request.ignore_lease).map_or(request.lease, |kv| kv.lease),
    }
}

fn move_lease(tables: &mut WriteTables<'_>, kv: &KeyValue, from: i64) -> Result<()> {
    if from == kv.lease {
        return Ok(());
    }
    detach(tables, from, &kv.key)?;
    if kv.lease != 0 {
        tables.lease_keys.insert((kv.lease, kv.key.as_ref()), ())?;
    }
    Ok(())
}

/// The lease no longer holds the key.
pub(super) fn detach(tables: &mut WriteTables<'_>, lease: i64, key: &Bytes) -> Result<()> {
    if lease != 0 {
        tables.lease_keys.remove((lease, key.as_ref()))?;
    }
    Ok(())
}
