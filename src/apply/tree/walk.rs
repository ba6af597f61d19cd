use super::Tree;
use crate::{ApplyError, Result};
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, openat};
use nix::sys::stat::{FileStat, Mode, SFlag, fstat, fstatat};
use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Component, Path, PathBuf};

/// A folder that is open, and a name in it.
pub struct Spot {
    pub folder: OwnedFd,
    pub name: OsString,
    /// The whole path, for errors.
    pub path: PathBuf,
}

const FOLDER: OFlag = OFlag::O_PATH.union(OFlag::O_DIRECTORY).union(OFlag::O_CLOEXEC);

impl Tree {
    /// Opens the folder that `path` lies in. `None`: there is no such folder.
    pub fn spot(&self, path: &Path) -> Result<Option<Spot>> {
        let mut names = names(path)?;
        let Some(name) = names.pop() else { return Err(odd(path)) };
        let mut folder = self.root.try_clone().map_err(ApplyError::io("open", path))?;
        let mut so_far = PathBuf::from("/");
        for step in names {
            so_far.push(step);
            match self.enter(folder.as_fd(), step, &so_far, path) {
                Ok(next) => folder = next,
                Err(ApplyError::Io { source, .. }) if is_missing(&source) => return Ok(None),
                Err(error) => return Err(error),
            }
        }
        Ok(Some(Spot { folder, name: name.to_owned(), path: path.to_owned() }))
    }

    fn enter(
        &self,
        folder: BorrowedFd<'_>,
        name: &OsStr,
        so_far: &Path,
        path: &Path,
    ) -> Result<OwnedFd> {
        let fail = |errno: Errno| ApplyError::errno("open", so_far)(errno);
        match openat(folder, name, FOLDER | OFlag::O_NOFOLLOW, Mode::empty()) {
            Ok(next) => return Ok(next),
            Err(Errno::ENOTDIR | Errno::ELOOP) => {}
            Err(errno) => return Err(fail(errno)),
        }
        let found = fstatat(folder, name, AtFlags::AT_SYMLINK_NOFOLLOW).map_err(fail)?;
        if !is_link(&found) {
            return Err(fail(Errno::ENOTDIR));
        }
        let around = fstat(folder).map_err(fail)?;
        if self.rooted || !trusted(&found, &around) {
            return Err(ApplyError::Elsewhere { path: path.to_owned(), link: so_far.to_owned() });
        }
        openat(folder, name, FOLDER, Mode::empty()).map_err(fail)
    }
}

/// Links such as `/var/run` are the system's own: root's (or ours), and when root works, where
/// nobody else could have moved them to.
fn trusted(link: &FileStat, folder: &FileStat) -> bool {
    let us = nix::unistd::geteuid();
    let ours = |uid: u32| uid == 0 || uid == us.as_raw();
    let safe = !us.is_root() || (ours(folder.st_uid) && folder.st_mode & 0o022 == 0);
    ours(link.st_uid) && safe
}

pub fn is_link(stat: &FileStat) -> bool {
    SFlag::from_bits_truncate(stat.st_mode & SFlag::S_IFMT.bits()) == SFlag::S_IFLNK
}

fn names(path: &Path) -> Result<Vec<&OsStr>> {
    let mut names = Vec::new();
    for part in path.components() {
        match part {
            Component::RootDir => {}
            Component::Normal(name) => names.push(name),
            _ => return Err(odd(path)),
        }
    }
    if path.is_absolute() { Ok(names) } else { Err(odd(path)) }
}

fn odd(path: &Path) -> ApplyError {
    ApplyError::errno("use", path)(Errno::EINVAL)
}

fn is_missing(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::NotFound
}
