use super::State;
use crate::blocking::blocking;
use crate::mvcc;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Looking at all pages may take one part in so many of the time.
const SELDOM: u32 = 30;
/// So many times what a command brings is written: a value stands in two tables, on pages whose sizes are
/// powers of two.
const AT_MOST: u64 = 4;
/// A file system counts in these, whatever its blocks are.
const SECTOR: u64 = 512;

/// How much of the state's file holds something, as far as it is known.
#[derive(Default)]
pub struct Usage {
    /// Bytes of commands that were applied, since the start.
    written: AtomicU64,
    measured: Mutex<Measurements>,
    /// Whose turn it is to look. Who only wants to know what is known does not wait for that.
    looking: Mutex<()>,
}

#[derive(Default)]
struct Measurements {
    /// How often all that was known became void.
    age: u64,
    last: Option<Measured>,
}

#[derive(Clone, Copy)]
struct Measured {
    in_use: u64,
    /// What had been written then.
    written: u64,
    at: Instant,
    took: Duration,
}

/// How large the state is, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// What its file takes.
    pub on_disk: u64,
    /// What of it holds something; the rest is used again before the file grows.
    pub in_use: u64,
}

impl Size {
    /// As far as it is known; to find out takes as long as to read all of it, and is begun where that was
    /// long ago. Of what nobody has looked at all counts as in use.
    pub fn known(state: &Arc<State>) -> Self {
        if !state.usage.is_fresh() && state.usage.looking.try_lock().is_ok() {
            let state = state.clone();
            // Where it fails, others notice that the storage does.
            drop(tokio::spawn(blocking(move || state.in_use())));
        }
        let on_disk = state.size();
        let in_use = state.usage.known().map_or(on_disk, |known| known.in_use);
        // What was written a moment ago may not be on the disk yet.
        Self { on_disk: on_disk.max(in_use), in_use }
    }
}

impl Usage {
    /// Told after it was committed: who looks meanwhile must look again.
    pub(super) fn wrote(&self, bytes: usize) {
        self.written.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// What was known is void, also to who is looking now.
    pub(super) fn forget(&self) {
        let mut measured = self.measured();
        measured.age += 1;
        measured.last = None;
    }

    fn note(&self, age: u64, last: Measured) {
        let mut measured = self.measured();
        if measured.age == age {
            measured.last = Some(last);
        }
    }

    fn known(&self) -> Option<Measured> {
        self.measured().last
    }

    fn is_fresh(&self) -> bool {
        let written = self.written.load(Ordering::Relaxed);
        self.known().is_some_and(|known| {
            known.written == written || known.at.elapsed() < known.took * SELDOM
        })
    }

    fn measured(&self) -> MutexGuard<'_, Measurements> {
        self.measured.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Bytes that the database takes on disk. Its file can be longer: what was never written takes none.
    pub fn size(&self) -> u64 {
        size(&self.path)
    }

    /// Bytes of the database that hold something, as of a moment ago. Blocks.
    ///
    /// # Errors
    /// The storage failed.
    pub fn in_use(&self) -> mvcc::Result<u64> {
        let _looking = self.usage.looking.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = self.usage.known().filter(|_| self.usage.is_fresh());
        if let Some(known) = fresh {
            return Ok(known.in_use);
        }
        let (age, at) = (self.usage.measured().age, Instant::now());
        let written = self.usage.written.load(Ordering::Relaxed);
        let in_use = mvcc::used(&self.read()?)?;
        self.usage.note(age, Measured { in_use, written, at, took: at.elapsed() });
        Ok(in_use)
    }

    /// Bytes that are written again before the file grows, at least; none that are known: 0.
    pub fn reusable(&self) -> u64 {
        let Some(known) = self.usage.known() else { return 0 };
        let since = self.usage.written.load(Ordering::Relaxed).saturating_sub(known.written);
        let since = since.saturating_mul(AT_MOST);
        self.size().saturating_sub(known.in_use + since)
    }
}

/// Bytes that a file takes on disk.
fn size(path: &Path) -> u64 {
    let taken = |file: std::fs::Metadata| file.len().min(file.blocks() * SECTOR);
    std::fs::metadata(path).map_or(0, taken)
}
