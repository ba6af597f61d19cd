use super::open::Open;
use super::tail::Tail;
use super::usage::Usage;
use super::{Listener, twin};
use crate::error::{QuorumError, Result};
use crate::files;
use crate::levels::{Ladder, Levels};
use crate::meters::Histogram;
use crate::mvcc::{self, MvccError, ReadTables, Tables, WriteTables, meta};
use crate::raft::{LogId, Membership};
use crate::storage::{self, Owner};
use redb::{Database, Durability, WriteTransaction};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{self, Arc, PoisonError, RwLock};
use tokio::sync::{Mutex, watch};
use tokio_util::sync::CancellationToken;

/// After so many batches of entries without a flush the next one is flushed. Until then the log can replay
/// them; but the database only reuses its pages after a flush.
const FLUSH_EVERY: u32 = 1024;
/// As above, for bytes of commands: what a flush takes must always fit into the disk's reserve.
const FLUSH_BYTES: usize = 4 * 1024 * 1024;
/// As above, where the disk is nearly full.
const FLUSH_BYTES_LOW: usize = 512 * 1024;

/// How far the state has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// The index of the last applied log entry.
    pub applied: Option<LogId>,
    pub revision: i64,
}

/// The replicated state in its database. Reading waits at most for a batch of small writes.
pub struct State {
    pub(super) path: PathBuf,
    pub(super) cache_bytes: usize,
    /// See [`Open`]. Before the database, which is not closed while this is open.
    pub(super) open: sync::Mutex<Open>,
    /// One may take another's place while nobody writes.
    database: RwLock<Arc<Database>>,
    pub(super) listener: Arc<dyn Listener>,
    progress: watch::Sender<Progress>,
    unflushed: AtomicU32,
    unflushed_bytes: AtomicUsize,
    /// Who writes. The database would let others wait too, but would hold up their threads.
    pub turn: Arc<Mutex<()>>,
    pub(super) commits: Histogram,
    pub(super) usage: Usage,
    pub(super) tail: sync::Mutex<Option<Tail>>,
    pub(super) defragmenting: Arc<Mutex<()>>,
    /// Set by whoever looks after the disk.
    pub disk_is_low: Arc<AtomicBool>,
    broken: CancellationToken,
    /// At which level the cluster is.
    pub ladder: Ladder,
}

impl State {
    /// Opens the database at `path`, or makes it.
    ///
    /// # Errors
    /// It is damaged, in use, or cannot be written.
    pub fn open(path: &Path, cache_bytes: usize, listener: Arc<dyn Listener>) -> Result<Self> {
        Self::open_on(path, cache_bytes, listener, Ladder::default())
    }

    /// As [`Self::open`], for a voter that knows these levels.
    ///
    /// # Errors
    /// As there; or the state is at a level that it does not know.
    pub fn open_on(
        path: &Path,
        cache_bytes: usize,
        listener: Arc<dyn Listener>,
        ladder: Ladder,
    ) -> Result<Self> {
        let fail = |cause: String| QuorumError::Database { path: path.to_owned(), cause };
        files::remove(&twin::path(path)).map_err(|e| fail(e.to_string()))?;
        let database = storage::open(path, cache_bytes)?;
        let (progress, level) = prepare(&database).map_err(|e| fail(e.to_string()))?;
        refuse_level(path, level, progress, ladder.own())?;
        ladder.stand_at(level);
        let (progress, _) = watch::channel(progress);
        Ok(Self {
            path: path.to_owned(),
            cache_bytes,
            open: sync::Mutex::default(),
            database: RwLock::new(Arc::new(database)),
            listener,
            progress,
            unflushed: AtomicU32::new(0),
            unflushed_bytes: AtomicUsize::new(0),
            turn: Arc::default(),
            commits: Histogram::default(),
            usage: Usage::default(),
            tail: sync::Mutex::default(),
            defragmenting: Arc::default(),
            disk_is_low: Arc::default(),
            broken: CancellationToken::new(),
            ladder,
        })
    }

    /// Sees to it that this is `owner`'s state.
    ///
    /// # Errors
    /// It is another's.
    pub fn claim(&self, owner: &Owner) -> Result<()> {
        storage::claim(&self.database(), &self.path, owner)
    }

    pub(super) fn database(&self) -> Arc<Database> {
        self.database.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts a database that holds the same, all of it on disk, in the old one's place, and returns that.
    /// Nobody may write meanwhile; who reads in the old one reads on.
    pub(super) fn change_places(&self, database: Arc<Database>) -> Arc<Database> {
        let place = || self.database.write().unwrap_or_else(PoisonError::into_inner);
        let old = std::mem::replace(&mut *place(), database);
        self.flushed();
        self.usage.forget();
        old
    }

    /// A view of the state as it is now.
    ///
    /// # Errors
    /// The storage failed.
    pub fn read(&self) -> mvcc::Result<ReadTables> {
        self.settle()?;
        ReadTables::of(self.database())
    }

    /// Tells how far the state has come, now and later.
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    pub fn now(&self) -> Progress {
        *self.progress.borrow()
    }

    /// Tells when it takes nothing in any more: after an error that is for good.
    pub fn broken(&self) -> CancellationToken {
        self.broken.clone()
    }

    pub(super) fn set_progress(&self, progress: Progress) {
        self.progress.send_replace(progress);
    }

    /// The state has come to this level.
    pub(super) fn rise(&self, level: u32) {
        if level > self.ladder.level() {
            tracing::info!(level, "the cluster's level is raised");
        }
        self.ladder.stand_at(level.max(self.ladder.level()));
    }

    /// The last applied log entry and membership.
    ///
    /// # Errors
    /// The storage failed.
    pub fn applied(&self) -> mvcc::Result<(Option<LogId>, Membership)> {
        let tables = self.read()?;
        let applied = meta::get(tables.meta(), meta::APPLIED)?;
        Ok((applied, meta::get(tables.meta(), meta::MEMBERSHIP)?.unwrap_or_default()))
    }

    /// The next application waits for the disk.
    pub(super) fn is_time_to_flush(&self) -> bool {
        let low = self.disk_is_low.load(Ordering::Relaxed);
        let bytes = if low { FLUSH_BYTES_LOW } else { FLUSH_BYTES };
        self.unflushed.load(Ordering::Relaxed) + 1 >= FLUSH_EVERY
            || self.unflushed_bytes.load(Ordering::Relaxed) >= bytes
    }

    /// A transaction that is flushed, or not.
    pub(super) fn begin_apply(&self, flush: bool) -> mvcc::Result<WriteTransaction> {
        let mut transaction = self.begin_write()?;
        if flush {
            transaction.set_quick_repair(true);
        } else {
            transaction.set_durability(Durability::None)?;
        }
        Ok(transaction)
    }

    /// A transaction that is flushed.
    pub(super) fn begin_write(&self) -> mvcc::Result<WriteTransaction> {
        self.refuse_broken()?;
        self.settle()?;
        Ok(self.database().begin_write()?)
    }

    /// After an error nothing is written any more.
    pub(super) fn refuse_broken(&self) -> mvcc::Result<()> {
        if self.broken.is_cancelled() {
            return Err(MvccError::Storage("an earlier write failed".to_owned()));
        }
        Ok(())
    }

    /// So many bytes of commands were applied, and flushed or not.
    pub(super) fn count(&self, bytes: usize, flushed: bool) {
        if flushed {
            return self.flushed();
        }
        self.unflushed.fetch_add(1, Ordering::Relaxed);
        self.unflushed_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Brings all that was applied to the disk.
    pub(super) fn flush(&self) -> mvcc::Result<()> {
        let mut transaction = self.begin_write()?;
        transaction.set_quick_repair(true);
        meta::set(&mut WriteTables::open(&transaction)?.meta, meta::SNAPSHOT, &true)?;
        transaction.commit()?;
        self.flushed();
        Ok(())
    }

    fn flushed(&self) {
        self.unflushed.store(0, Ordering::Relaxed);
        self.unflushed_bytes.store(0, Ordering::Relaxed);
    }

    /// How long commits took.
    pub fn commits(&self) -> &Histogram {
        &self.commits
    }
}

/// Makes the tables, so that readers find them.
fn prepare(database: &Database) -> Result<(Progress, u32), MvccError> {
    let mut transaction = database.begin_write()?;
    transaction.set_quick_repair(true);
    let prepared = {
        let tables = WriteTables::open(&transaction)?;
        let applied = meta::get(tables.meta(), meta::APPLIED)?;
        (Progress { applied, revision: tables.revision() }, mvcc::level(&tables)?)
    };
    transaction.commit()?;
    Ok(prepared)
}

/// A state that nothing was applied to is of any level.
fn refuse_level(path: &Path, found: u32, progress: Progress, known: Levels) -> Result<()> {
    if progress.applied.is_none() || known.contain(found) {
        return Ok(());
    }
    Err(QuorumError::of_format(path, found, "", known))
}
