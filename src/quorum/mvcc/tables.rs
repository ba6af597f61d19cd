use super::{Result, meta};
use redb::{
    Database, Key, ReadOnlyTable, ReadTransaction, ReadableDatabase, ReadableTable, Table,
    TableDefinition, Value, WriteTransaction,
};
use std::marker::PhantomData;
use std::sync::Arc;

pub(super) type Bytes = &'static [u8];
pub(super) type RevisionKey = (u64, u32);
pub(super) type HistoryKey = (&'static [u8], u64);
pub(super) type LeaseKey = (i64, &'static [u8]);

pub(super) const CURRENT: TableDefinition<Bytes, Bytes> = TableDefinition::new("current");
pub(super) const REVISIONS: TableDefinition<RevisionKey, Bytes> = TableDefinition::new("revisions");
pub(super) const HISTORY: TableDefinition<HistoryKey, u32> = TableDefinition::new("history");
pub(super) const LEASES: TableDefinition<i64, i64> = TableDefinition::new("leases");
pub(super) const LEASE_KEYS: TableDefinition<LeaseKey, ()> = TableDefinition::new("lease_keys");
pub(super) const META: TableDefinition<&str, Bytes> = TableDefinition::new("meta");

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

/// How tables are opened: for reading, or for writing.
pub trait Access {
    type Table<K: Key + 'static, V: Value + 'static>: ReadableTable<K, V>;
    /// What they are opened in.
    type Transaction;

    fn table<K: Key + 'static, V: Value + 'static>(
        transaction: &Self::Transaction,
        definition: TableDefinition<'_, K, V>,
    ) -> Result<Self::Table<K, V>>;
}

/// For reading a consistent view that later changes do not touch.
pub struct Reading;

impl Access for Reading {
    type Table<K: Key + 'static, V: Value + 'static> = ReadOnlyTable<K, V>;
    type Transaction = ReadTransaction;

    fn table<K: Key + 'static, V: Value + 'static>(
        transaction: &ReadTransaction,
        definition: TableDefinition<'_, K, V>,
    ) -> Result<ReadOnlyTable<K, V>> {
        Ok(transaction.open_table(definition)?)
    }
}

/// For a write transaction.
pub struct Writing<'t>(PhantomData<&'t WriteTransaction>);

impl<'t> Access for Writing<'t> {
    type Table<K: Key + 'static, V: Value + 'static> = Table<'t, K, V>;
    type Transaction = &'t WriteTransaction;

    fn table<K: Key + 'static, V: Value + 'static>(
        transaction: &&'t WriteTransaction,
        definition: TableDefinition<'_, K, V>,
    ) -> Result<Table<'t, K, V>> {
        Ok(transaction.open_table(definition)?)
    }
}

/// All tables, opened in one transaction.
pub struct Opened<A: Access> {
    pub(super) current: A::Table<Bytes, Bytes>,
    pub(super) revisions: A::Table<RevisionKey, Bytes>,
    pub(super) history: A::Table<HistoryKey, u32>,
    pub(super) leases: A::Table<i64, i64>,
    pub(super) lease_keys: A::Table<LeaseKey, ()>,
    pub(crate) meta: A::Table<&'static str, Bytes>,
    /// With what the command under way has changed so far.
    pub(super) revision: i64,
    pub(super) compacted: i64,
    /// The database is not closed while it is read, though another may have taken its place.
    _database: Option<Arc<Database>>,
}

pub type ReadTables = Opened<Reading>;
pub type WriteTables<'t> = Opened<Writing<'t>>;

impl<A: Access> Opened<A> {
    fn within(transaction: &A::Transaction) -> Result<Self> {
        let meta = A::table(transaction, META)?;
        Ok(Self {
            current: A::table(transaction, CURRENT)?,
            revisions: A::table(transaction, REVISIONS)?,
            history: A::table(transaction, HISTORY)?,
            leases: A::table(transaction, LEASES)?,
            lease_keys: A::table(transaction, LEASE_KEYS)?,
            revision: meta::revision(&meta)?,
            compacted: meta::compacted(&meta)?,
            meta,
            _database: None,
        })
    }
}

impl ReadTables {
    /// Opens the tables; they must have been made.
    pub fn open(transaction: &ReadTransaction) -> Result<Self> {
        Self::within(transaction)
    }

    /// As [`Self::open`], of the database as it is now.
    pub fn of(database: Arc<Database>) -> Result<Self> {
        let tables = Self::open(&database.begin_read()?)?;
        Ok(Self { _database: Some(database), ..tables })
    }
}

impl<'t> WriteTables<'t> {
    /// Opens the tables, and makes those that are not there.
    pub fn open(transaction: &'t WriteTransaction) -> Result<Self> {
        Self::within(&transaction)
    }
}

impl<A: Access> Tables for Opened<A> {
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
