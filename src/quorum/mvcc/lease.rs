use super::range::get;
use super::tables::{Tables, WriteTables};
use super::{Result, Writer, delete};
use crate::wire::Refusal;
use bytes::Bytes;
use mesoform_etcd::pb::{
    LeaseGrantRequest, LeaseGrantResponse, LeaseRevokeRequest, LeaseRevokeResponse,
};
use redb::{ReadableTable, ReadableTableMetadata};

/// Makes a lease. Its id and its TTL were chosen by whoever proposed it.
pub(super) fn grant(
    writer: &mut Writer<'_>,
    request: LeaseGrantRequest,
) -> Result<LeaseGrantResponse> {
    if request.id == 0 {
        return Err(Refusal::LeaseNotFound.into());
    }
    let leases = &mut writer.tables.leases;
    if leases.get(request.id)?.is_some() {
        return Err(Refusal::LeaseExists.into());
    }
    leases.insert(request.id, request.ttl)?;
    Ok(LeaseGrantResponse {
        header: writer.header(),
        id: request.id,
        ttl: request.ttl,
        error: String::new(),
    })
}

/// Ends a lease and deletes its keys, all in one revision.
pub(super) fn revoke(
    writer: &mut Writer<'_>,
    request: LeaseRevokeRequest,
) -> Result<LeaseRevokeResponse> {
    if writer.tables.leases.remove(request.id)?.is_none() {
        return Err(Refusal::LeaseNotFound.into());
    }
    for key in keys_of(&writer.tables, request.id)? {
        remove_key(writer, request.id, &key)?;
    }
    Ok(LeaseRevokeResponse { header: writer.header() })
}

fn remove_key(writer: &mut Writer<'_>, lease: i64, key: &Bytes) -> Result<()> {
    match get(&writer.tables, key)? {
        Some(kv) => delete::delete(writer, &kv),
        None => forget(&mut writer.tables, lease, key),
    }
}

fn forget(tables: &mut WriteTables<'_>, lease: i64, key: &Bytes) -> Result<()> {
    tables.lease_keys.remove((lease, key.as_ref()))?;
    Ok(())
}

/// The keys that a lease holds, in order.
pub fn keys_of(tables: &impl Tables, lease: i64) -> Result<Vec<Bytes>> {
    let mut keys = Vec::new();
    for row in tables.lease_keys().range::<(i64, &[u8])>((lease, &[][..])..)? {
        let (key, ()) = row.map(|(key, _)| (key, ()))?;
        let (id, key) = key.value();
        if id != lease {
            break;
        }
        keys.push(Bytes::copy_from_slice(key));
    }
    Ok(keys)
}

/// All leases: id and granted seconds.
pub fn leases(tables: &impl Tables) -> Result<Vec<(i64, i64)>> {
    let mut all = Vec::new();
    for row in tables.leases().iter()? {
        let (id, ttl) = row?;
        all.push((id.value(), ttl.value()));
    }
    Ok(all)
}

/// How many leases there are.
pub fn count_leases(tables: &impl Tables) -> Result<u64> {
    Ok(tables.leases().len()?)
}
