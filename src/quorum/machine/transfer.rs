//! A snapshot as bytes: length-delimited [`Record`]s. The revisions are all of it; what the newest
//! keys are, and which lease holds them, follows from them.

use super::{Progress, SnapshotData, State};
use crate::levels::{LevelError, Levels};
use crate::mvcc::{self, MvccError, ReadTables, Tables, WriteTables, clear, meta};
use crate::raft::SnapshotMeta;
use crate::storage::{OWNER, Owner};
use bytes::{Bytes, BytesMut};
use prost::Message;
use redb::{ReadableTable, WriteTransaction};
use std::fs::File;
use std::io::{BufReader, Read, Seek};

/// About how large the chunks are.
const CHUNK: usize = 256 * 1024;
/// No event comes near it; a larger one means that the file is damaged.
const MAX_RECORD: usize = 64 * 1024 * 1024;

#[derive(Clone, PartialEq, prost::Message)]
struct Record {
    #[prost(oneof = "record::Kind", tags = "1, 2, 3, 4")]
    kind: Option<record::Kind>,
}

mod record {
    use bytes::Bytes;

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Head {
        /// The level of the state, which it takes to read these records.
        #[prost(uint32, tag = "1")]
        pub format: u32,
        #[prost(int64, tag = "2")]
        pub revision: i64,
        #[prost(int64, tag = "3")]
        pub compacted: i64,
    }

    #[derive(Clone, Copy, PartialEq, prost::Message)]
    pub struct Lease {
        #[prost(int64, tag = "1")]
        pub id: i64,
        #[prost(int64, tag = "2")]
        pub ttl: i64,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Happened {
        #[prost(uint64, tag = "1")]
        pub revision: u64,
        #[prost(uint32, tag = "2")]
        pub place: u32,
        #[prost(bytes = "bytes", tag = "3")]
        pub event: Bytes,
    }

    #[derive(Clone, PartialEq, prost::Oneof)]
    pub enum Kind {
        #[prost(message, tag = "1")]
        Head(Head),
        #[prost(message, tag = "2")]
        Lease(Lease),
        #[prost(message, tag = "3")]
        Happened(Happened),
        /// The number of records before it: nothing is missing.
        #[prost(uint64, tag = "4")]
        End(u64),
    }
}

use record::{Happened, Head, Kind, Lease};

/// Writes a view out, chunk by chunk, until `send` says that nobody listens any more.
///
/// # Errors
/// The storage failed.
pub fn write_out(tables: &ReadTables, send: impl FnMut(Bytes) -> bool) -> mvcc::Result<()> {
    let mut out = Chunks { buffer: BytesMut::with_capacity(CHUNK * 2), records: 0, send };
    let (revision, compacted) = (tables.revision(), tables.compacted());
    let format = mvcc::level(tables)?;
    let mut listening = out.push(Kind::Head(Head { format, revision, compacted }));
    for (id, ttl) in mvcc::leases(tables)? {
        listening = listening && out.push(Kind::Lease(Lease { id, ttl }));
    }
    for row in tables.revisions().iter()? {
        if !listening {
            return Ok(());
        }
        let (at, event) = row?;
        let (revision, place) = at.value();
        let event = Bytes::copy_from_slice(event.value());
        listening = out.push(Kind::Happened(Happened { revision, place, event }));
    }
    let records = out.records;
    out.push(Kind::End(records));
    out.flush();
    Ok(())
}

struct Chunks<F> {
    buffer: BytesMut,
    records: u64,
    send: F,
}

impl<F: FnMut(Bytes) -> bool> Chunks<F> {
    fn push(&mut self, kind: Kind) -> bool {
        self.records += 1;
        let record = Record { kind: Some(kind) };
        self.buffer.reserve(record.encoded_len() + 10);
        // There is room, and nothing else can go wrong.
        let _ = record.encode_length_delimited(&mut self.buffer);
        self.buffer.len() < CHUNK || self.flush()
    }

    fn flush(&mut self) -> bool {
        (self.send)(self.buffer.split().freeze())
    }
}

impl State {
    /// Puts a snapshot in the place of the state, all or nothing.
    pub(super) fn install(&self, meta: &SnapshotMeta, data: SnapshotData) -> mvcc::Result<()> {
        let mut transaction = self.begin_write()?;
        transaction.set_quick_repair(true);
        let owner: Option<Owner> = meta::get(&WriteTables::open(&transaction)?.meta, OWNER)?;
        clear(&transaction)?;
        let known = self.ladder.own();
        let (revision, level) = restore(&transaction, meta, data, owner, known)?;
        self.ladder.expect(level)?;
        transaction.commit()?;
        self.rise(level);
        self.note_replaced();
        self.usage.forget();
        tracing::info!(revision, "took in a snapshot");
        self.listener.replaced(revision);
        self.set_progress(Progress { applied: meta.last_log_id, revision });
        Ok(())
    }
}

fn restore(
    transaction: &WriteTransaction,
    meta: &SnapshotMeta,
    data: SnapshotData,
    owner: Option<Owner>,
    known: Levels,
) -> mvcc::Result<(i64, u32)> {
    let mut tables = WriteTables::open(transaction)?;
    match data {
        SnapshotData::Received(received) => read_in(&mut tables, received.into_file(), known)?,
        SnapshotData::View(view) => copy(&mut tables, &view)?,
    }
    place(&mut tables, meta)?;
    if let Some(owner) = owner {
        meta::set(&mut tables.meta, OWNER, &owner)?;
    }
    Ok((tables.revision(), mvcc::level(&tables)?))
}

/// Notes where in the log the state stands.
pub(super) fn place(tables: &mut WriteTables<'_>, meta: &SnapshotMeta) -> mvcc::Result<()> {
    meta::set(&mut tables.meta, meta::APPLIED, &meta.last_log_id)?;
    meta::set(&mut tables.meta, meta::MEMBERSHIP, &meta.last_membership)?;
    meta::set(&mut tables.meta, meta::SNAPSHOT, &true)
}

fn copy(tables: &mut WriteTables<'_>, view: &ReadTables) -> mvcc::Result<()> {
    tables.restore_revision(view.revision(), view.compacted())?;
    tables.restore_level(mvcc::level(view)?)?;
    for (id, ttl) in mvcc::leases(view)? {
        tables.restore_lease(id, ttl)?;
    }
    for row in view.revisions().iter()? {
        let (at, event) = row?;
        let (revision, place) = at.value();
        tables.restore_event(revision, place, Bytes::copy_from_slice(event.value()))?;
    }
    Ok(())
}

fn read_in(tables: &mut WriteTables<'_>, mut file: File, known: Levels) -> mvcc::Result<()> {
    file.rewind()?;
    read_records(tables, &mut file, known)
}

/// Reads records from the file's place to their end, as a version that knows these levels.
pub(super) fn read_records(
    tables: &mut WriteTables<'_>,
    file: &mut File,
    known: Levels,
) -> mvcc::Result<()> {
    let mut source = BufReader::with_capacity(CHUNK, file);
    let mut reader = Reader { records: 0, source: &mut source };
    while let Some(kind) = reader.next()? {
        take(tables, kind, known)?;
    }
    Ok(())
}

fn take(tables: &mut WriteTables<'_>, kind: Kind, known: Levels) -> mvcc::Result<()> {
    match kind {
        Kind::Head(head) => {
            LevelError::check(head.format, known)?;
            tables.restore_level(head.format)?;
            tables.restore_revision(head.revision, head.compacted)
        }
        Kind::Lease(lease) => tables.restore_lease(lease.id, lease.ttl),
        Kind::Happened(at) => tables.restore_event(at.revision, at.place, at.event),
        Kind::End(_) => Ok(()),
    }
}

struct Reader<'s, S> {
    records: u64,
    source: &'s mut S,
}

impl<S: Read> Reader<'_, S> {
    /// The next record; none after the end.
    fn next(&mut self) -> mvcc::Result<Option<Kind>> {
        let length = self.length()?;
        if length > MAX_RECORD {
            return Err(damaged("a record is too long"));
        }
        let mut bytes = vec![0; length];
        self.source.read_exact(&mut bytes)?;
        let kind = Record::decode(Bytes::from(bytes))?.kind;
        match kind.ok_or_else(|| damaged("an unknown record"))? {
            Kind::End(records) if records == self.records => Ok(None),
            Kind::End(_) => Err(damaged("records are missing")),
            kind => {
                self.records += 1;
                Ok(Some(kind))
            }
        }
    }

    fn length(&mut self) -> mvcc::Result<usize> {
        let mut length = 0;
        for shift in (0..28).step_by(7) {
            let mut byte = [0];
            self.source.read_exact(&mut byte)?;
            length |= usize::from(byte[0] & 0x7f) << shift;
            if byte[0] & 0x80 == 0 {
                return Ok(length);
            }
        }
        Err(damaged("a record is too long"))
    }
}

fn damaged(cause: &str) -> MvccError {
    MvccError::Damaged(format!("a snapshot: {cause}"))
}
