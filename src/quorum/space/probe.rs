use nix::sys::statvfs::statvfs;
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// A tenth of the disk, but not more than is ever needed at once.
const LARGEST_RESERVE: u64 = 512 * 1024 * 1024;
/// What databases take in one go.
const SMALLEST_RESERVE: u64 = 16 * 1024 * 1024;

type Ask = dyn Fn(&Path) -> io::Result<Space> + Send + Sync;

/// Asks the file system of a folder for its free space; a test answers as it likes.
#[derive(Clone)]
pub struct FreeSpace(Arc<Ask>);

#[derive(Debug, Clone, Copy)]
struct Space {
    free: u64,
    all: u64,
}

impl FreeSpace {
    /// `free` says how many bytes of `all` are free for a folder.
    pub fn told_by(all: u64, free: impl Fn(&Path) -> u64 + Send + Sync + 'static) -> Self {
        Self(Arc::new(move |folder| Ok(Space { free: free(folder), all })))
    }

    /// How many bytes are free in the file system of `folder`.
    ///
    /// # Errors
    /// It cannot be asked.
    pub fn free(&self, folder: &Path) -> io::Result<u64> {
        (self.0)(folder).map(|space| space.free)
    }

    /// How many bytes of the file system of `folder` are to stay free.
    ///
    /// # Errors
    /// It cannot be asked.
    pub fn reserve(&self, folder: &Path) -> io::Result<u64> {
        (self.0)(folder).map(|space| (space.all / 10).clamp(SMALLEST_RESERVE, LARGEST_RESERVE))
    }
}

impl Default for FreeSpace {
    fn default() -> Self {
        Self(Arc::new(|folder| {
            let stat = statvfs(folder)?;
            let (free, all) = (stat.blocks_available(), stat.blocks());
            let block = stat.fragment_size();
            Ok(Space { free: free.saturating_mul(block), all: all.saturating_mul(block) })
        }))
    }
}

impl fmt::Debug for FreeSpace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FreeSpace")
    }
}
