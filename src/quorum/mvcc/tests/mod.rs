//! The store's own language: `store.put("a", "1")`, and plain strings for what comes of it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod compaction;
mod kv;
mod lease;
mod model;
mod txn;

use super::{Change, ReadTables, Tables, WriteTables, Writer};
use crate::wire::command::Kind;
use crate::wire::{Command, Refusal, Reply, reply};
use bytes::Bytes;
use mesoform_etcd::pb::{
    CompactionRequest, DeleteRangeRequest, KeyValue, LeaseGrantRequest, LeaseRevokeRequest,
    PutRequest, RangeRequest, RangeResponse, TxnRequest, TxnResponse,
};
use redb::backends::InMemoryBackend;
use redb::{Database, ReadableDatabase};

pub struct Store {
    database: Database,
    pub changes: Vec<Change>,
}

impl Store {
    pub fn new() -> Self {
        let database = Database::builder().create_with_backend(InMemoryBackend::new()).unwrap();
        let transaction = database.begin_write().unwrap();
        WriteTables::open(&transaction).unwrap();
        transaction.commit().unwrap();
        Self { database, changes: Vec::new() }
    }

    pub fn apply(&mut self, kind: Kind) -> Result<reply::Kind, Refusal> {
        let transaction = self.database.begin_write().unwrap();
        let mut writer = Writer::open(&transaction).unwrap();
        let applied = writer.apply(&Command { kind: Some(kind) }).unwrap();
        writer.finish().unwrap();
        transaction.commit().unwrap();
        self.changes.extend(applied.changes);
        let Reply { kind: Some(kind) } = applied.reply else { panic!("an empty reply") };
        match kind {
            reply::Kind::Refused(refusal) => Err(Refusal::try_from(refusal).unwrap()),
            answer => Ok(answer),
        }
    }

    pub fn read(&self) -> ReadTables {
        ReadTables::open(&self.database.begin_read().unwrap()).unwrap()
    }

    pub fn revision(&self) -> i64 {
        self.read().revision()
    }

    pub fn put(&mut self, key: &str, value: &str) {
        self.apply(Kind::Put(put(key, value))).unwrap();
    }

    pub fn delete(&mut self, key: &str, end: &str) -> Vec<String> {
        let request = DeleteRangeRequest { key: b(key), range_end: b(end), prev_kv: true };
        match self.apply(Kind::DeleteRange(request)).unwrap() {
            reply::Kind::DeleteRange(response) => {
                assert_eq!(response.deleted as usize, response.prev_kvs.len());
                response.prev_kvs.iter().map(show).collect()
            }
            other => panic!("{other:?}"),
        }
    }

    pub fn txn(&mut self, request: TxnRequest) -> Result<TxnResponse, Refusal> {
        match self.apply(Kind::Txn(request))? {
            reply::Kind::Txn(response) => Ok(response),
            other => panic!("{other:?}"),
        }
    }

    pub fn compact(&mut self, revision: i64) -> Result<(), Refusal> {
        self.apply(Kind::Compact(CompactionRequest { revision, physical: false })).map(|_| ())
    }

    pub fn grant(&mut self, id: i64, ttl: i64) -> Result<(), Refusal> {
        self.apply(Kind::LeaseGrant(LeaseGrantRequest { ttl, id })).map(|_| ())
    }

    pub fn revoke(&mut self, id: i64) -> Result<(), Refusal> {
        self.apply(Kind::LeaseRevoke(LeaseRevokeRequest { id })).map(|_| ())
    }

    pub fn range(&self, request: &RangeRequest) -> Result<RangeResponse, Refusal> {
        super::range(&self.read(), request).map_err(|e| match e {
            super::MvccError::Refused(refusal) => refusal,
            fatal => panic!("{fatal}"),
        })
    }

    /// All keys, as they were at a revision (0: now).
    pub fn all(&self, revision: i64) -> Result<Vec<String>, Refusal> {
        let request =
            RangeRequest { key: b("\0"), range_end: b("\0"), revision, ..Default::default() };
        let response = self.range(&request)?;
        assert_eq!(response.count as usize, response.kvs.len());
        Ok(response.kvs.iter().map(show).collect())
    }
}

pub fn b(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

pub fn put(key: &str, value: &str) -> PutRequest {
    PutRequest { key: b(key), value: b(value), ..Default::default() }
}

/// `key=value c<created> m<modified> v<version> [l<lease>]`
pub fn show(kv: &KeyValue) -> String {
    let text = |bytes: &Bytes| String::from_utf8_lossy(bytes).into_owned();
    let lease = if kv.lease == 0 { String::new() } else { format!(" l{}", kv.lease) };
    format!(
        "{}={} c{} m{} v{}{lease}",
        text(&kv.key),
        text(&kv.value),
        kv.create_revision,
        kv.mod_revision,
        kv.version
    )
}
