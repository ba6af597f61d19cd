use super::walk::{Spot, is_link};
use super::{Owner, Tree};
use crate::{ApplyError, Result};
use mesoform_plan::Kind;
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, openat, renameat};
use nix::sys::stat::{Mode, fstat, mkdirat};
use nix::unistd::{Gid, Uid, UnlinkatFlags, fchownat, symlinkat, unlinkat};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs::{File, Permissions};
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{PermissionsExt, fchown};
use std::path::{Path, PathBuf};

impl Tree {
    /// Puts a file in place at once: whoever looks sees the old content or the new, with its mode
    /// and owner, also after a crash. On an error the old file is as it was.
    pub fn write(&self, path: &Path, bytes: &[u8], mode: u32, owner: Owner) -> Result<()> {
        let spot = self.spot_or_missing(path)?;
        let draft = spot.draft();
        let written = self.write_draft(&spot, &draft, bytes, mode, owner);
        written
            .and_then(|file| file.sync_all())
            .and_then(|()| self.fault("rename", path))
            .and_then(|()| spot.put(&draft))
            .inspect_err(|_| spot.discard(&draft))
            .map_err(ApplyError::io("write", path))
    }

    /// The same, but for a crash of the host: whoever wrote many files so calls [`Tree::flush`] before
    /// he relies on them. It takes a fraction of the time.
    pub fn write_unflushed(
        &self,
        path: &Path,
        bytes: &[u8],
        mode: u32,
        owner: Owner,
    ) -> Result<()> {
        let spot = self.spot_or_missing(path)?;
        let draft = spot.draft();
        let written = self.write_draft(&spot, &draft, bytes, mode, owner);
        written
            .and_then(|_| Ok(spot.replace(&draft)?))
            .inspect_err(|_| spot.discard(&draft))
            .map_err(ApplyError::io("write", path))
    }

    /// Has files, and their names in their folders, on the disk before it returns.
    pub fn flush(&self, paths: &BTreeSet<PathBuf>) -> Result<()> {
        let mut folders = BTreeMap::new();
        for path in paths {
            let Some(spot) = self.spot(path)? else { continue };
            let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
            let flushed = match openat(&spot.folder, spot.name.as_os_str(), flags, Mode::empty()) {
                Ok(file) => File::from(file).sync_all(),
                // Somebody has removed it since.
                Err(Errno::ENOENT | Errno::ELOOP) => Ok(()),
                Err(errno) => Err(errno.into()),
            };
            flushed.map_err(ApplyError::io("flush", path))?;
            folders.insert(path.parent(), spot);
        }
        let flush = |spot: Spot| spot.sync().map_err(ApplyError::io("flush", &spot.path));
        folders.into_values().try_for_each(flush)
    }

    fn write_draft(
        &self,
        spot: &Spot,
        draft: &OsString,
        bytes: &[u8],
        mode: u32,
        owner: Owner,
    ) -> io::Result<File> {
        spot.discard(draft);
        let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_CLOEXEC;
        let closed = Mode::from_bits_truncate(0o600);
        let mut file: File = openat(&spot.folder, draft.as_os_str(), flags, closed)?.into();
        let half = bytes.len() / 2;
        file.write_all(&bytes[..half])?;
        self.fault("write", &spot.path)?;
        file.write_all(&bytes[half..])?;
        if owner != Owner::default() {
            fchown(&file, owner.uid, owner.gid)?;
        }
        file.set_permissions(Permissions::from_mode(mode))?;
        Ok(file)
    }

    /// Puts a link in place of a link or file, at once.
    pub fn link(&self, path: &Path, target: &Path) -> Result<()> {
        let spot = self.spot_or_missing(path)?;
        let draft = spot.draft();
        spot.discard(&draft);
        symlinkat(target, &spot.folder, draft.as_os_str())
            .map_err(io::Error::from)
            .and_then(|()| self.fault("rename", path))
            .and_then(|()| spot.put(&draft))
            .inspect_err(|_| spot.discard(&draft))
            .map_err(ApplyError::io("link", path))
    }

    /// Makes a folder where there is none, and gives it mode and owner.
    pub fn folder(&self, path: &Path, mode: u32, owner: Owner) -> Result<()> {
        let spot = self.spot_or_missing(path)?;
        let fail = ApplyError::io("make", path);
        match mkdirat(&spot.folder, spot.name.as_os_str(), Mode::from_bits_truncate(0o700)) {
            Ok(()) => {}
            Err(Errno::EEXIST) => {
                if spot.entry()?.is_none_or(|entry| entry.kind != Kind::Directory) {
                    return Err(fail(Errno::ENOTDIR.into()));
                }
            }
            Err(errno) => return Err(fail(errno.into())),
        }
        self.fault("folder", path)
            .and_then(|()| spot.own(mode, owner))
            .and_then(|()| spot.sync())
            .map_err(fail)
    }

    /// Gives a file or folder mode and owner.
    pub fn own(&self, path: &Path, mode: u32, owner: Owner) -> Result<()> {
        self.spot_or_missing(path)?.own(mode, owner).map_err(ApplyError::io("change", path))
    }

    /// Moves a file over another one in the same folder.
    pub fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        let spot = self.spot_or_missing(to)?;
        let draft = from.file_name().unwrap_or_default().to_owned();
        self.fault("rename", to)
            .and_then(|()| spot.put(&draft))
            .map_err(ApplyError::io("rename", to))
    }

    pub(super) fn spot_or_missing(&self, path: &Path) -> Result<Spot> {
        let spot = self.spot(path)?;
        spot.ok_or_else(|| ApplyError::errno("write", path)(Errno::ENOENT))
    }
}

impl Spot {
    /// Always the same name, so that a killed run leaves at most one, and the next takes it away.
    fn draft(&self) -> OsString {
        let mut draft = OsString::from(".");
        draft.push(&self.name);
        draft.push(".mesoform");
        draft
    }

    fn put(&self, draft: &OsString) -> io::Result<()> {
        self.replace(draft)?;
        self.sync()
    }

    fn replace(&self, draft: &OsString) -> nix::Result<()> {
        renameat(&self.folder, draft.as_os_str(), &self.folder, self.name.as_os_str())
    }

    fn discard(&self, draft: &OsString) {
        let _ = unlinkat(&self.folder, draft.as_os_str(), UnlinkatFlags::NoRemoveDir);
    }

    /// A name in a folder is safe only when the folder is on disk.
    pub fn sync(&self) -> io::Result<()> {
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        File::from(openat(&self.folder, ".", flags, Mode::empty())?).sync_all()
    }

    /// The owner first: to give a file away clears some bits of its mode.
    fn own(&self, mode: u32, owner: Owner) -> io::Result<()> {
        let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let held = openat(&self.folder, self.name.as_os_str(), flags, Mode::empty())?;
        if is_link(&fstat(&held)?) {
            return Err(Errno::ELOOP.into());
        }
        if owner != Owner::default() {
            let (uid, gid) = (owner.uid.map(Uid::from_raw), owner.gid.map(Gid::from_raw));
            fchownat(&held, "", uid, gid, AtFlags::AT_EMPTY_PATH)?;
        }
        // What is held, whatever has taken its name since.
        let held = format!("/proc/self/fd/{}", held.as_raw_fd());
        std::fs::set_permissions(held, Permissions::from_mode(mode))
    }
}
