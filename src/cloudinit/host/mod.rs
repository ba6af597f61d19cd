//! The host that a document is carried out on: how it is seen, and the one gate through which it is
//! changed.

mod exec;
mod gate;
mod look;
mod parents;

pub use gate::RealGate;
pub use look::RealLook;
pub(crate) use parents::behind_links;

use crate::{Action, Result};
use std::path::{Path, PathBuf};

/// Where this crate keeps what it knows of its own work.
pub const FOLDER: &str = "/var/lib/mesoform/cloud-config";

/// What lies at a path; a link is not followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub kind: Kind,
    pub uid: u32,
    pub gid: u32,
    /// Permission bits only.
    pub mode: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    File,
    Folder,
    Link(PathBuf),
    Device,
    Other,
}

/// How a host is seen. To add another kind of host, implement this and [`Gate`].
pub trait Look {
    /// # Errors
    /// The path cannot be looked at, for another reason than that nothing is there.
    fn entry(&self, path: &Path) -> Result<Option<Seen>>;

    /// A regular file's content, also through links; at most 64 MiB.
    ///
    /// # Errors
    /// It cannot be read.
    fn bytes(&self, path: &Path) -> Result<Option<Vec<u8>>>;

    /// Where a program lies.
    fn which(&self, program: &str) -> Option<PathBuf>;

    /// What a program says that only looks; none where it is not there or fails.
    fn asked(&self, program: &str, args: &[&str]) -> Option<String>;

    /// Where a path leads, through all links.
    fn real(&self, path: &Path) -> Option<PathBuf>;

    /// Bytes that are free where `path` lies.
    fn free(&self, path: &Path) -> Option<u64>;

    /// # Errors
    /// It cannot be read.
    fn text(&self, path: &Path) -> Result<Option<String>> {
        Ok(self.bytes(path)?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// Whether there is something, also through links.
    fn exists(&self, path: &Path) -> bool {
        self.real(path).is_some()
    }
}

/// Makes one change.
pub trait Gate {
    /// # Errors
    /// Where, why, and what helps.
    fn perform(&mut self, look: &dyn Look, action: &Action) -> Result<()>;

    /// Has all that was written on the disk.
    ///
    /// # Errors
    /// It cannot be had there.
    fn settle(&mut self) -> Result<()>;
}
