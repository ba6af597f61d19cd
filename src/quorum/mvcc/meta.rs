//! The small facts of the state, by name.

use super::tables::Bytes;
use super::{MvccError, Result};
use redb::{ReadableTable, Table};
use serde::Serialize;
use serde::de::DeserializeOwned;

const REVISION: &str = "revision";
const COMPACTED: &str = "compacted";
/// The id of the last log entry that was applied (JSON).
pub const APPLIED: &str = "applied";
/// The last membership that was applied (JSON).
pub const MEMBERSHIP: &str = "membership";
/// Set once a snapshot was built: the log may have lost what it covers.
pub const SNAPSHOT: &str = "snapshot";

/// An empty store is at revision 1, as etcd's is.
const FIRST_REVISION: i64 = 1;
/// So that revision 0 can be compacted, as in etcd.
const NEVER_COMPACTED: i64 = -1;

type MetaTable<'t> = Table<'t, &'static str, Bytes>;

pub(super) fn revision(meta: &impl ReadableTable<&'static str, Bytes>) -> Result<i64> {
    Ok(number(meta, REVISION)?.unwrap_or(FIRST_REVISION))
}

pub(super) fn compacted(meta: &impl ReadableTable<&'static str, Bytes>) -> Result<i64> {
    Ok(number(meta, COMPACTED)?.unwrap_or(NEVER_COMPACTED))
}

pub(super) fn set_revision(meta: &mut MetaTable<'_>, revision: i64) -> Result<()> {
    meta.insert(REVISION, revision.to_le_bytes().as_slice())?;
    Ok(())
}

pub(super) fn set_compacted(meta: &mut MetaTable<'_>, revision: i64) -> Result<()> {
    meta.insert(COMPACTED, revision.to_le_bytes().as_slice())?;
    Ok(())
}

/// Reads the fact `name`.
pub fn get<T: DeserializeOwned>(
    meta: &impl ReadableTable<&'static str, Bytes>,
    name: &str,
) -> Result<Option<T>> {
    let Some(value) = meta.get(name)? else { return Ok(None) };
    let fact = serde_json::from_slice(value.value());
    fact.map(Some).map_err(|e| MvccError::Damaged(format!("{name}: {e}")))
}

/// Writes the fact `name`.
pub fn set<T: Serialize>(meta: &mut MetaTable<'_>, name: &'static str, fact: &T) -> Result<()> {
    let json = serde_json::to_vec(fact).map_err(|e| MvccError::Damaged(format!("{name}: {e}")))?;
    meta.insert(name, json.as_slice())?;
    Ok(())
}

fn number(meta: &impl ReadableTable<&'static str, Bytes>, name: &str) -> Result<Option<i64>> {
    let Some(value) = meta.get(name)? else { return Ok(None) };
    let bytes = value.value().try_into();
    let bytes = bytes.map_err(|_| MvccError::Damaged(format!("{name} is no number")))?;
    Ok(Some(i64::from_le_bytes(bytes)))
}
