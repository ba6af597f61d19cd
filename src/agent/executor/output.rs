use super::account::Account;
use super::log::Log;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;

/// As much as a pipe holds where nobody says otherwise.
const CHUNK: usize = 64 * 1024;
/// What is still read of a task that has ended: the largest pipe that a user may ask for, and more.
const LAST_READS: usize = 64;

/// One stream of a task's output, on its way from the task into its log.
///
/// The task writes into a pipe and not into the file, so that the file can be turned over under it. The
/// pipe costs nothing in safety: a task does not outlive its executor, and the agent has no part in it.
#[derive(Debug)]
pub struct Output {
    pipe: OwnedFd,
    log: Log,
    ended: bool,
}

impl Output {
    /// The stream, and the end for the task.
    pub fn new(path: PathBuf, owner: Option<&Account>, limit: u64) -> io::Result<(Self, OwnedFd)> {
        let (pipe, theirs) = nix::unistd::pipe2(OFlag::O_CLOEXEC)?;
        // Only our end: programs do not expect a stdout that does not wait.
        fcntl(&pipe, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        if let Some(owner) = owner {
            // Or it could not open /dev/stdout, as many programs do.
            nix::unistd::fchown(&theirs, Some(owner.uid), Some(owner.gid))?;
        }
        let log = Log::create(path, owner.cloned(), limit)?;
        Ok((Self { pipe, log, ended: false }, theirs))
    }

    /// Whether nobody can write to it any more.
    pub fn ended(&self) -> bool {
        self.ended
    }

    /// Keeps what has come, up to one chunk. Says whether there was anything.
    pub fn pass_on(&mut self) -> bool {
        let mut chunk = [0; CHUNK];
        match nix::unistd::read(&self.pipe, &mut chunk) {
            Ok(0) => self.ended = true,
            Ok(n) => self.log.write(&chunk[..n]),
            Err(nix::errno::Errno::EINTR) => return true,
            Err(nix::errno::Errno::EAGAIN) => return false,
            Err(_) => self.ended = true,
        }
        !self.ended
    }

    /// Keeps what is left when the task has ended.
    pub fn drain(&mut self) {
        for _ in 0..LAST_READS {
            if !self.pass_on() {
                return;
            }
        }
    }
}

impl AsFd for Output {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pipe.as_fd()
    }
}
