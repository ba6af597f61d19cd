use super::FreeSpace;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use thiserror::Error;

const MIB: u64 = 1024 * 1024;

/// Says how many bytes of the state's file hold nothing any more and are used again before it grows.
#[derive(Clone)]
pub struct Reusable(Arc<dyn Fn() -> u64 + Send + Sync>);

impl Reusable {
    pub fn told_by(bytes: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        Self(Arc::new(bytes))
    }

    pub fn bytes(&self) -> u64 {
        (self.0)()
    }
}

impl fmt::Debug for Reusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reusable")
    }
}

/// Why something large is not written.
#[derive(Debug, Error)]
pub enum NoRoom {
    #[error(
        "there is no room on the disk for {} MiB more: {} MiB are free, of which {} MiB must stay so; make room in {}",
        .needed.div_ceil(MIB), .free / MIB, .kept.div_ceil(MIB), .folder.display()
    )]
    Full { folder: PathBuf, needed: u64, free: u64, kept: u64 },
    #[error("{}: how much is free cannot be found out: {cause}", .folder.display())]
    Unknown { folder: PathBuf, cause: io::Error },
}

/// Watches over the disk while something large is written to it.
#[derive(Debug, Clone)]
pub struct Headroom {
    pub(super) folder: PathBuf,
    pub(super) probe: FreeSpace,
    pub(super) reusable: Reusable,
    /// Bytes that must stay free.
    pub(super) kept: u64,
}

impl Headroom {
    /// Whether so many bytes more have room.
    ///
    /// # Errors
    /// They have none.
    pub fn check(&self, needed: u64) -> Result<(), NoRoom> {
        self.judge(needed, 0)
    }

    /// As [`Self::check`], for what goes into the state's file.
    ///
    /// # Errors
    /// It has no room.
    pub fn check_in_state(&self, needed: u64) -> Result<(), NoRoom> {
        self.judge(needed, self.reusable.bytes())
    }

    fn judge(&self, needed: u64, reusable: u64) -> Result<(), NoRoom> {
        let (folder, kept) = (self.folder.clone(), self.kept);
        match self.probe.free(&self.folder) {
            Ok(free) if free.saturating_add(reusable) >= needed.saturating_add(kept) => Ok(()),
            Ok(free) => {
                let free = free.saturating_add(reusable);
                Err(NoRoom::Full { folder, needed, free, kept })
            }
            Err(cause) => Err(NoRoom::Unknown { folder, cause }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(free: u64, reusable: u64) -> Headroom {
        Headroom {
            folder: PathBuf::from("/data"),
            probe: FreeSpace::told_by(0, move |_| free),
            reusable: Reusable::told_by(move || reusable),
            kept: 8 * MIB,
        }
    }

    #[test]
    fn something_stays_free() {
        let headroom = with(20 * MIB, 0);
        assert!(headroom.check(12 * MIB).is_ok());
        let refused = headroom.check(12 * MIB + 1).unwrap_err().to_string();
        assert_eq!(
            refused,
            "there is no room on the disk for 13 MiB more: 20 MiB are free, of which 8 MiB must \
             stay so; make room in /data"
        );
    }

    #[test]
    fn only_the_state_can_use_its_own_pages_again() {
        let headroom = with(10 * MIB, 50 * MIB);
        assert!(headroom.check(30 * MIB).is_err());
        assert!(headroom.check_in_state(30 * MIB).is_ok());
        assert!(headroom.check_in_state(53 * MIB).is_err());
    }
}
