use super::{Result, meta};
use redb::{
    ReadOnlyTable, ReadTransaction, ReadableTable, Table, TableDefinition, WriteTransaction,
};

pub(super) type Bytes = &'static [u8];
pub(super) type RevisionKey = (u64, u32);
pub(super) type HistoryKey = (&'static [u8], u64);
pub(super) type LeaseKey = (i64, &'static [u8]);

const CURRENT: TableDefinition<Bytes, Bytes> = TableDefinition::new("current");
const REVISIONS: TableDefinition<RevisionKey, Bytes> = TableDefinition::new("revisions");
const HISTORY: TableDefinition<HistoryKey, u32> = TableDefinition::new("history");
const LEASES: TableDefinition<i64, i64> = TableDefinition::new("leases");
const LEASE_KEYS: TableDefinition<LeaseKey, ()> = TableDefinition::new("lease_keys");
const META: TableDefinition<&str, Bytes> = TableDefinition::new("meta");

/// The state as one transaction sees it, for reading or for writing.
pub trait Tables {
    fn current(&self) -> &impl ReadableTable<Bytes, Bytes>;
    fn revisions(&self) -> &impl ReadableTable<RevisionKey, Bytes>;
    fn history(&self) -> &impl ReadableTable<HistoryKey, u32>;
    fn leases(&self) -> &impl ReadableTable<i64, i64>;
    fn lease_keys(&self) -> &impl ReadableTable<LeaseKey, ()>;
    fn meta(&self) -> &impl ReadableTable<&'static str, Bytes>;
    /// The revision of the newest change, as this transaction sees it.
    fn revision(&self) -> i64;
    /// Revisions below it may be gone.
    fn compacted(&self) -> i64;
}

/// A consistent view that later changes do not touch.
pub struct ReadTables {
    current: ReadOnlyTable<Bytes, Bytes>,
    revisions: ReadOnlyTable<RevisionKey, Bytes>,
    history: ReadOnlyTable<HistoryKey, u32>,
    leases: ReadOnlyTable<i64, i64>,
    lease_keys: ReadOnlyTable<LeaseKey, ()>,
    meta: ReadOnlyTable<&'static str, Bytes>,
    revision: i64,
    compacted: i64,
}

impl ReadTables {
    pub fn open(transaction: &ReadTransaction) -> Result<Self> {
        let meta = transaction.open_table(META)?;
        Ok(Self {
            current: transaction.open_table(CURRENT)?,
            revisions: transaction.open_table(REVISIONS)?,
            history: transaction.open_table(HISTORY)?,
            leases: transaction.open_table(LEASES)?,
            lease_keys: transaction.open_table(LEASE_KEYS)?,
            revision: meta::revision(&meta)?,
            compacted: meta::compacted(&meta)?,
            meta,
        })
    }
}

impl Tables for ReadTables {
    fn current(&self) -> &impl ReadableTable<Bytes, Bytes> {
        &self.current
    }
    fn revisions(&self) -> &impl ReadableTable<RevisionKey, Bytes> {
        &self.revisions
    }
    fn history(&self) -> &impl ReadableTable<HistoryKey, u32> {
        &self.history
    }
    fn leases(&self) -> &impl ReadableTable<i64, i64> {
        &self.leases
    }
    fn lease_keys(&self) -> &impl ReadableTable<LeaseKey, ()> {
        &self.lease_keys
    }
    fn meta(&self) -> &impl ReadableTable<&'static str, Bytes> {
        &self.meta
    }
    fn revision(&self) -> i64 {
        self.revision
    }
    fn compacted(&self) -> i64 {
        self.compacted
    }
}

/// The tables of a write transaction.
pub struct WriteTables<'t> {
    pub(super) current: Table<'t, Bytes, Bytes>,
    pub(super) revisions: Table<'t, RevisionKey, Bytes>,
    pub(super) history: Table<'t, HistoryKey, u32>,
    pub(super) leases: Table<'t, i64, i64>,
    pub(super) lease_keys: Table<'t, LeaseKey, ()>,
    pub(crate) meta: Table<'t, &'static str, Bytes>,
    /// With what the command under way has changed so far.
    pub(super) revision: i64,
    pub(super) compacted: i64,
}

impl<'t> WriteTables<'t> {
    /// Opens the tables, and makes those that are not there.
    pub fn open(transaction: &'t WriteTransaction) -> Result<Self> {
        let meta = transaction.open_table(META)?;
        Ok(Self {
            current: transaction.open_table(CURRENT)?,
            revisions: transaction.open_table(REVISIONS)?,
            history: transaction.open_table(HISTORY)?,
            leases: transaction.open_table(LEASES)?,
            lease_keys: transaction.open_table(LEASE_KEYS)?,
            revision: meta::revision(&meta)?,
            compacted: meta::compacted(&meta)?,
            meta,
        })
    }
}

impl Tables for WriteTables<'_> {
    fn current(&self) -> &impl ReadableTable<Bytes, Bytes> {
        &self.current
    }
    fn revisions(&self) -> &impl ReadableTable<RevisionKey, Bytes> {
        &self.revisions
    }
    fn history(&self) -> &impl ReadableTable<HistoryKey, u32> {
        &self.history
    }
    fn leases(&self) -> &impl ReadableTable<i64, i64> {
        &self.leases
    }
    fn lease_keys(&self) -> &impl ReadableTable<LeaseKey, ()> {
        &self.lease_keys
    }
    fn meta(&self) -> &impl ReadableTable<&'static str, Bytes> {
        &self.meta
    }
    fn revision(&self) -> i64 {
        self.revision
    }
    fn compacted(&self) -> i64 {
        self.compacted
    }
}

/// Empties the state, before a snapshot takes its place in the same transaction.
pub fn clear(transaction: &WriteTransaction) -> Result<()> {
    transaction.delete_table(CURRENT)?;
    transaction.delete_table(REVISIONS)?;
    transaction.delete_table(HISTORY)?;
    transaction.delete_table(LEASES)?;
    transaction.delete_table(LEASE_KEYS)?;
    transaction.delete_table(META)?;
    Ok(())
}
