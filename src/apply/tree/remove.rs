use super::Tree;
use crate::{ApplyError, Result};
use mesoform_plan::Kind;
use nix::unistd::{UnlinkatFlags, unlinkat};
use std::io;
use std::os::fd::AsRawFd;
use std::path::Path;

impl Tree {
    /// Takes away what lies at `path`; a link itself, never what it leads to.
    pub fn remove(&self, path: &Path, recursive: bool) -> Result<()> {
        let Some(spot) = self.spot(path)? else { return Ok(()) };
        let Some(entry) = spot.entry()? else { return Ok(()) };
        let name = spot.name.as_os_str();
        self.fault("remove", path).map_err(ApplyError::io("remove", path))?;
        let removed = match (entry.kind, recursive) {
            (Kind::Directory, true) => {
                // The folder that is open, whatever has happened to its path; the standard
                // library follows no links below it.
                let held = format!("/proc/self/fd/{}", spot.folder.as_raw_fd());
                remove_all(&Path::new(&held).join(name))
            }
            (Kind::Directory, false) => {
                unlinkat(&spot.folder, name, UnlinkatFlags::RemoveDir).map_err(io::Error::from)
            }
            _ => unlinkat(&spot.folder, name, UnlinkatFlags::NoRemoveDir).map_err(io::Error::from),
        };
        removed.and_then(|()| spot.sync()).map_err(ApplyError::io("remove", path))
    }
}

/// How often a folder in which somebody still makes files is gone through.
const TRIES: usize = 5;

fn remove_all(path: &Path) -> io::Result<()> {
    for _ in 1..TRIES {
        match std::fs::remove_dir_all(path) {
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {}
            done => return done,
        }
    }
    std::fs::remove_dir_all(path)
}
