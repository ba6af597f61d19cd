use super::tables::{CURRENT, HISTORY, LEASE_KEYS, LEASES, META, REVISIONS, ReadTables};
use super::{MvccError, Result};
use redb::{
    Database, Key, ReadOnlyTable, ReadableTable, ReadableTableMetadata, TableDefinition, Value,
    WriteTransaction,
};

/// So many bytes are copied in one transaction: what is not on disk yet stays small.
const CHUNK: usize = 4 * 1024 * 1024;
/// The database halves a page that is full, so rows that come in order leave all pages half empty. Of
/// each so many rows, these come first, and the others fill the pages up.
const OF: usize = 9;
const FIRST: usize = 5;

/// Bytes of the pages that hold something. Looks at all of them.
///
/// # Errors
/// The storage failed.
pub fn used(tables: &ReadTables) -> Result<u64> {
    let bytes = [
        bytes_of(&tables.current)?,
        bytes_of(&tables.revisions)?,
        bytes_of(&tables.history)?,
        bytes_of(&tables.leases)?,
        bytes_of(&tables.lease_keys)?,
        bytes_of(&tables.meta)?,
    ];
    Ok(bytes.into_iter().sum())
}

fn bytes_of(table: &impl ReadableTableMetadata) -> Result<u64> {
    let stats = table.stats()?;
    Ok(stats.stored_bytes() + stats.metadata_bytes() + stats.fragmented_bytes())
}

/// Copies all that is seen into an empty database, in steps; between them `go_on` may end it.
///
/// # Errors
/// The storage failed, or what `go_on` says.
pub fn copy<E: From<MvccError>>(
    from: &ReadTables,
    to: &Database,
    mut go_on: impl FnMut() -> Result<(), E>,
) -> Result<(), E> {
    copy_table(&from.current, CURRENT, to, &mut go_on)?;
    copy_table(&from.revisions, REVISIONS, to, &mut go_on)?;
    copy_table(&from.history, HISTORY, to, &mut go_on)?;
    copy_table(&from.leases, LEASES, to, &mut go_on)?;
    copy_table(&from.lease_keys, LEASE_KEYS, to, &mut go_on)?;
    copy_table(&from.meta, META, to, &mut go_on)
}

/// Makes the small facts the same as there.
///
/// # Errors
/// The storage failed.
pub fn copy_facts(from: &ReadTables, to: &WriteTransaction) -> Result<()> {
    let mut facts = to.open_table(META)?;
    facts.retain(|_, _| false)?;
    for row in from.meta.iter()? {
        let (name, fact) = row?;
        facts.insert(name.value(), fact.value())?;
    }
    Ok(())
}

fn copy_table<K: Key + 'static, V: Value + 'static, E: From<MvccError>>(
    from: &ReadOnlyTable<K, V>,
    definition: TableDefinition<'static, K, V>,
    to: &Database,
    go_on: &mut impl FnMut() -> Result<(), E>,
) -> Result<(), E> {
    for first in [true, false] {
        let rows = from.iter().map_err(MvccError::from)?.enumerate();
        let mut rows = rows.filter(|(n, _)| (n % OF < FIRST) == first).map(|(_, row)| row);
        go_on()?;
        while copy_some(&mut rows, definition, to)? {
            go_on()?;
        }
    }
    Ok(())
}

/// Copies a chunk; false: there is nothing left.
fn copy_some<'r, K: Key + 'static, V: Value + 'static>(
    rows: &mut impl Iterator<
        Item = std::result::Result<
            (redb::AccessGuard<'r, K>, redb::AccessGuard<'r, V>),
            redb::StorageError,
        >,
    >,
    definition: TableDefinition<'static, K, V>,
    to: &Database,
) -> Result<bool> {
    let transaction = to.begin_write()?;
    let mut bytes = 0;
    {
        let mut table = transaction.open_table(definition)?;
        while bytes < CHUNK {
            let Some(row) = rows.next() else { break };
            let (key, value) = row?;
            let (key, value) = (key.value(), value.value());
            bytes += K::as_bytes(&key).as_ref().len() + V::as_bytes(&value).as_ref().len();
            table.insert(key, value)?;
        }
    }
    transaction.commit()?;
    Ok(bytes >= CHUNK)
}
