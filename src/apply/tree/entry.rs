use super::Tree;
use super::walk::Spot;
use crate::{ApplyError, Result};
use mesoform_plan::Kind;
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, openat, readlinkat};
use nix::sys::stat::{FileStat, Mode, fstatat};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::Read;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

/// What lies at a path; a link is not followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub kind: Kind,
    pub uid: u32,
    pub gid: u32,
    /// Permission bits only.
    pub mode: u32,
    pub size: u64,
}

impl Entry {
    fn new(stat: &FileStat) -> Self {
        let (uid, gid) = (stat.st_uid, stat.st_gid);
        let size = u64::try_from(stat.st_size).unwrap_or(0);
        let kind = Kind::from_mode(stat.st_mode);
        Self { kind, uid, gid, mode: stat.st_mode & 0o7777, size }
    }
}

impl Tree {
    pub fn entry(&self, path: &Path) -> Result<Option<Entry>> {
        match self.spot(path)? {
            Some(spot) => spot.entry(),
            None => Ok(None),
        }
    }

    pub fn target(&self, path: &Path) -> Result<Option<PathBuf>> {
        let Some(spot) = self.spot(path)? else { return Ok(None) };
        let target = readlinkat(&spot.folder, spot.name.as_os_str());
        target.map(|name| Some(name.into())).map_err(ApplyError::errno("read", path))
    }

    /// The names in a folder; none where there is no folder.
    pub fn names(&self, path: &Path) -> Result<Vec<String>> {
        let Some(spot) = self.spot(path)? else { return Ok(Vec::new()) };
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let fail = ApplyError::errno("read", path);
        let folder = match openat(&spot.folder, spot.name.as_os_str(), flags, Mode::empty()) {
            Ok(folder) => folder,
            Err(Errno::ENOENT | Errno::ENOTDIR | Errno::ELOOP) => return Ok(Vec::new()),
            Err(errno) => return Err(fail(errno)),
        };
        // The folder that is open, whatever has happened to its path.
        let held = format!("/proc/self/fd/{}", folder.as_raw_fd());
        let entries = std::fs::read_dir(held).map_err(ApplyError::io("read", path))?;
        Ok(entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect())
    }

    /// When a folder was last changed, seconds since 1970; `None` where there is no folder.
    pub fn modified(&self, path: &Path) -> Result<Option<i64>> {
        let Some(spot) = self.spot(path)? else { return Ok(None) };
        match fstatat(&spot.folder, spot.name.as_os_str(), AtFlags::AT_SYMLINK_NOFOLLOW) {
            Ok(stat) if Kind::from_mode(stat.st_mode) == Kind::Directory => Ok(Some(stat.st_mtime)),
            Ok(_) | Err(Errno::ENOENT) => Ok(None),
            Err(errno) => Err(ApplyError::errno("look at", path)(errno)),
        }
    }

    /// SHA-256 of a regular file.
    pub fn sha256(&self, path: &Path) -> Result<String> {
        let mut file = self.read(path)?;
        let mut hash = Sha256::new();
        let mut buffer = vec![0; 128 * 1024];
        loop {
            let read = file.read(&mut buffer).map_err(ApplyError::io("read", path))?;
            if read == 0 {
                return Ok(hex::encode(hash.finalize()));
            }
            hash.update(&buffer[..read]);
        }
    }

    /// A file's text; `None` where there is no file, it is longer than `limit` bytes, or no UTF-8.
    pub fn text(&self, path: &Path, limit: u64) -> Result<Option<String>> {
        if self.entry(path)?.is_none_or(|entry| entry.kind != Kind::File) {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        let read = self.read(path)?.take(limit + 1).read_to_end(&mut bytes);
        let read = read.map_err(ApplyError::io("read", path))?;
        let short = u64::try_from(read).is_ok_and(|read| read <= limit);
        Ok(if short { String::from_utf8(bytes).ok() } else { None })
    }

    fn read(&self, path: &Path) -> Result<File> {
        let fail = ApplyError::errno("read", path);
        let Some(spot) = self.spot(path)? else { return Err(fail(Errno::ENOENT)) };
        // A pipe that took a file's place must not hold us up.
        let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
        let fd = openat(&spot.folder, spot.name.as_os_str(), flags, Mode::empty());
        Ok(fd.map_err(fail)?.into())
    }
}

impl Spot {
    pub fn entry(&self) -> Result<Option<Entry>> {
        match fstatat(&self.folder, self.name.as_os_str(), AtFlags::AT_SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(Entry::new(&stat))),
            Err(Errno::ENOENT) => Ok(None),
            Err(errno) => Err(ApplyError::errno("look at", &self.path)(errno)),
        }
    }
}
