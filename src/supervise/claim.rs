use crate::SuperviseError;
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The right to supervise in a folder: one process at a time has it, and loses it when it ends,
/// however it ends.
#[derive(Debug)]
pub struct Claim {
    directory: PathBuf,
    /// Held, not read: the lock lasts as long as the file is open.
    _file: Flock<File>,
}

impl Claim {
    /// Claims `directory`, which is made if it is not there, by a lock on `supervisor.pid` in it.
    ///
    /// # Errors
    /// Another process has it ([`SuperviseError::Running`] names it), or the file cannot be made.
    pub fn take(directory: &Path) -> Result<Self, SuperviseError> {
        let path = directory.join("supervisor.pid");
        let failed = |source| SuperviseError::Io { path: path.clone(), source };
        std::fs::create_dir_all(directory).map_err(failed)?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let file = options.open(&path).map_err(failed)?;
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(mut file) => {
                write_pid(&mut file).map_err(failed)?;
                Ok(Self { directory: directory.to_owned(), _file: file })
            }
            Err((file, Errno::EAGAIN)) => {
                let directory = directory.to_owned();
                Err(SuperviseError::Running { directory, pid: read_pid(file) })
            }
            Err((_, errno)) => Err(failed(errno.into())),
        }
    }

    pub fn directory(&self) -> &Path {
        &self.directory
    }
}

fn write_pid(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    writeln!(file, "{}", std::process::id())
}

fn read_pid(file: File) -> Option<i32> {
    let mut text = String::new();
    file.take(32).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}
