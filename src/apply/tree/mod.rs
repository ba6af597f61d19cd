//! Files below a root, without ever following a link that somebody else could have put there.
//!
//! Every path is walked folder by folder from the root, with a descriptor for each, so that what
//! was checked is what is used.

mod entry;
mod remove;
mod walk;
mod write;

pub use entry::Entry;

use crate::{ApplyError, Result};
use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;
use std::os::fd::OwnedFd;
use std::path::Path;

/// Numbers of a user and a group; `None`: leave it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Owner {
    pub uid: Option<u32>,
    pub gid: Option<u32>,
}

/// What stops a test's write at a chosen point.
#[cfg(test)]
pub type Fault = Box<dyn Fn(&'static str, &Path) -> std::io::Result<()> + Send + Sync>;

/// A file system, or a folder that stands for one.
pub struct Tree {
    root: OwnedFd,
    /// Links in parents may lead out of a folder that stands for a root: none is followed there.
    rooted: bool,
    #[cfg(test)]
    pub fault: Option<Fault>,
}

impl Tree {
    /// This machine's.
    pub fn real() -> Result<Self> {
        Self::open(Path::new("/"), false)
    }

    /// The folder `root` stands for `/`.
    pub fn rooted(root: &Path) -> Result<Self> {
        Self::open(root, true)
    }

    fn open(root: &Path, rooted: bool) -> Result<Self> {
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let fd = open(root, flags, Mode::empty()).map_err(ApplyError::errno("open", root))?;
        Ok(Self {
            root: fd,
            rooted,
            #[cfg(test)]
            fault: None,
        })
    }

    pub fn is_rooted(&self) -> bool {
        self.rooted
    }

    #[cfg(test)]
    fn fault(&self, at: &'static str, path: &Path) -> std::io::Result<()> {
        self.fault.as_ref().map_or(Ok(()), |fault| fault(at, path))
    }

    #[cfg(not(test))]
    #[allow(clippy::unused_self, reason = "only tests have faults")]
    fn fault(&self, _at: &'static str, _path: &Path) -> std::io::Result<()> {
        Ok(())
    }
}
