use super::Cover;
use super::ahead::Flushed;
use super::cache::Cache;
use super::ops::{Done, Op};
use super::weights::Weights;
use super::writer::{self, Pen};
use crate::error::{QuorumError, Result};
use crate::meters::Histogram;
use crate::raft::{Entry, LogId, StorageError, Vote};
use crate::storage::{self, Owner};
use crate::wire::decode_entry;
use bytes::Bytes;
use openraft::storage::RaftLogStorage;
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};
use serde::de::DeserializeOwned;
use std::ops::Range;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{oneshot, watch};

pub(super) const LOG: TableDefinition<u64, &[u8]> = TableDefinition::new("log");
pub(super) const META: TableDefinition<&str, &[u8]> = TableDefinition::new("meta");
pub(super) const VOTE: &str = "vote";
pub(super) const PURGED: &str = "purged";
pub(super) const COMMITTED: &str = "committed";

/// What may wait for the writer. It never comes near it: Raft waits for each write but a leader's own entries,
/// and those are bounded by what is proposed at a time.
const QUEUE: usize = 1024;

/// The Raft log. Clones share it.
#[derive(Clone)]
pub struct LogStore {
    pub(super) database: Arc<Database>,
    shared: Arc<Mutex<Shared>>,
    writer: Writer,
    fsyncs: Arc<Histogram>,
    /// What the state holds; none: nobody knows, and nobody needs to.
    pub(super) cover: Option<Cover>,
    /// Bytes of all entries.
    weight: Arc<watch::Sender<u64>>,
    /// Whose entries Raft need not wait for; none: nobody's.
    pub(super) ahead_of: Option<u64>,
    pub(super) flushed: watch::Receiver<Flushed>,
}

/// Who writes.
#[derive(Clone)]
enum Writer {
    Thread(SyncSender<Op>),
    #[cfg(test)]
    Simulated(tokio::sync::mpsc::UnboundedSender<Op>),
}

impl Writer {
    fn start(pen: Pen, queue: SyncSender<Op>, ops: Receiver<Op>) -> std::io::Result<Self> {
        // A simulation has no threads, but time.
        #[cfg(test)]
        if crate::simulation::is_running() {
            let (queue, ops) = tokio::sync::mpsc::unbounded_channel();
            tokio::spawn(crate::simulation::write(pen, ops));
            return Ok(Self::Simulated(queue));
        }
        std::thread::Builder::new()
            .name("raft-log".to_owned())
            .spawn(move || writer::run(pen, &ops))?;
        Ok(Self::Thread(queue))
    }
}

/// Reads entries for replication.
pub type LogReader = LogStore;

pub(super) struct Shared {
    pub cache: Cache,
    pub weights: Weights,
    pub purged: Option<LogId>,
    pub last: Option<LogId>,
    /// The vote that is on the disk.
    pub vote: Option<Vote>,
    /// The last entry that Raft did not wait for.
    pub ahead: Option<LogId>,
    /// Purged, but still on the disk: the state has yet to take in what replaces it.
    pub pending: Option<LogId>,
}

impl LogStore {
    /// Opens the log at `path`, or makes it.
    ///
    /// # Errors
    /// It is damaged, in use, or cannot be written.
    pub fn open(path: &Path, cache_bytes: usize) -> Result<Self> {
        let fail = |cause: String| QuorumError::Database { path: path.to_owned(), cause };
        let database = Arc::new(storage::open(path, cache_bytes)?);
        let shared = Shared::load(&database).map_err(fail)?;
        let weight = Arc::new(watch::Sender::new(shared.weights.total()));
        let (writer, ops) = sync_channel(QUEUE);
        let fsyncs = Arc::new(Histogram::default());
        let tell = Self::flushes(shared.last);
        let flushed = tell.subscribe();
        let pen = Pen::new(database.clone(), fsyncs.clone(), tell);
        let shared = Arc::new(Mutex::new(shared));
        let writer = Writer::start(pen, writer, ops).map_err(|e| fail(e.to_string()))?;
        let (cover, ahead_of) = (None, None);
        Ok(Self { database, shared, writer, fsyncs, cover, weight, ahead_of, flushed })
    }

    /// From here on entries only go from the disk when the state holds them.
    pub fn follow(&mut self, cover: Cover) {
        self.cover = Some(cover);
    }

    /// Sees to it that this is `owner`'s log.
    ///
    /// # Errors
    /// It is another's.
    pub fn claim(&self, path: &Path, owner: &Owner) -> Result<()> {
        storage::claim(&self.database, path, owner)
    }

    /// How long writes took.
    pub fn fsyncs(&self) -> &Histogram {
        &self.fsyncs
    }

    /// Bytes of all entries, now and later.
    pub fn weight(&self) -> watch::Receiver<u64> {
        self.weight.subscribe()
    }

    /// Tells whoever waits what the entries weigh now.
    pub(super) fn weigh(&self) {
        let weight = self.shared().weights.total();
        self.weight.send_if_modified(|told| std::mem::replace(told, weight) != weight);
    }

    /// The index up to which to cut, so that at most `keep` bytes stay; none: it is not more.
    pub fn cut(&self, keep: u64) -> Option<u64> {
        self.shared().weights.cut(keep)
    }

    /// Whether this log was ever part of a cluster.
    pub fn is_empty(&self) -> bool {
        self.shared().last.is_none()
    }

    pub fn last_log_id(&self) -> Option<LogId> {
        self.shared().last
    }

    /// Forgets, before Raft starts, that the last leader had been accepted by a majority.
    ///
    /// If that was this voter, openraft would let it lead on in its old term, and it would answer
    /// reads before it knows again how far that term's log was committed: it must be elected anew.
    /// If it was another, openraft refuses to vote for a while, counted from the start of the process;
    /// after a restart of the whole quorum that is only lost time. The vote itself (its term and for
    /// whom) stays, so no second vote in its term is possible.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn relax_vote(&mut self) -> std::result::Result<(), StorageError> {
        match self.read_vote().await? {
            Some(vote) if vote.committed => {
                self.save_vote(&Vote::new(vote.leader_id.term, vote.leader_id.node_id)).await
            }
            _ => Ok(()),
        }
    }

    pub(super) fn shared(&self) -> MutexGuard<'_, Shared> {
        // What a panic could have left half done is only a cache of what is on disk.
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn write(&self, make: impl FnOnce(Done) -> Op) -> Result<(), String> {
        let (done, waiting) = oneshot::channel();
        self.send(make(done))?;
        waiting.await.map_err(|_| gone())?
    }

    pub(super) fn send(&self, op: Op) -> Result<(), String> {
        match &self.writer {
            Writer::Thread(writer) => writer.send(op).map_err(|_| gone()),
            #[cfg(test)]
            Writer::Simulated(writer) => writer.send(op).map_err(|_| gone()),
        }
    }

    /// Reads entries, for whoever has the log to himself.
    ///
    /// # Errors
    /// The storage failed.
    pub fn read(&self, range: Range<u64>) -> Result<Vec<Entry>, String> {
        self.entries(range, usize::MAX)
    }

    pub(super) fn entries(&self, range: Range<u64>, budget: usize) -> Result<Vec<Entry>, String> {
        if range.is_empty() {
            return Ok(Vec::new());
        }
        if let Some(entries) = self.shared().cache.get(&range, budget) {
            return Ok(entries);
        }
        self.stored(range, budget).map_err(|e| e.to_string())
    }

    fn stored(&self, range: Range<u64>, budget: usize) -> Result<Vec<Entry>, redb::Error> {
        let Some(log) = open(&self.database, LOG)? else { return Ok(Vec::new()) };
        let mut entries = Vec::new();
        let mut left = budget;
        for row in log.range(range)? {
            if left == 0 {
                break;
            }
            let (_, entry) = row?;
            left = left.saturating_sub(entry.value().len());
            let entry = decode_entry(Bytes::copy_from_slice(entry.value()));
            entries.push(entry.map_err(redb::Error::Corrupted)?);
        }
        Ok(entries)
    }

    pub(super) fn fact<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, String> {
        fact(&self.database, name)
    }
}

impl Shared {
    pub fn load(database: &Database) -> Result<Self, String> {
        let purged = fact(database, PURGED)?;
        let last = last_stored(database)?.or(purged);
        let weights = weigh(database)?;
        let vote = fact(database, VOTE)?;
        let (cache, ahead, pending) = (Cache::default(), None, None);
        Ok(Self { cache, weights, purged, last, vote, ahead, pending })
    }
}

fn weigh(database: &Database) -> Result<Weights, String> {
    let mut weights = Weights::default();
    let Some(log) = open(database, LOG).map_err(|e| e.to_string())? else { return Ok(weights) };
    for row in log.iter().map_err(|e| e.to_string())? {
        let (index, entry) = row.map_err(|e| e.to_string())?;
        weights.push(index.value(), entry.value().len());
    }
    Ok(weights)
}

pub(super) fn last_stored(database: &Database) -> Result<Option<LogId>, String> {
    let Some(log) = open(database, LOG).map_err(|e| e.to_string())? else { return Ok(None) };
    let Some((_, entry)) = log.last().map_err(|e| e.to_string())? else { return Ok(None) };
    Ok(Some(decode_entry(Bytes::copy_from_slice(entry.value()))?.log_id))
}

fn fact<T: DeserializeOwned>(database: &Database, name: &str) -> Result<Option<T>, String> {
    let Some(meta) = open(database, META).map_err(|e| e.to_string())? else { return Ok(None) };
    let Some(value) = meta.get(name).map_err(|e| e.to_string())? else { return Ok(None) };
    serde_json::from_slice(value.value()).map_err(|e| format!("{name}: {e}"))
}

/// A table for reading; none: nothing was ever written.
pub(super) fn open<K: redb::Key + 'static, V: redb::Value + 'static>(
    database: &Database,
    table: TableDefinition<K, V>,
) -> Result<Option<redb::ReadOnlyTable<K, V>>, redb::Error> {
    match database.begin_read()?.open_table(table) {
        Ok(table) => Ok(Some(table)),
        Err(redb::TableError::TableDoesNotExist(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn gone() -> String {
    "the log's writer has ended".to_owned()
}
