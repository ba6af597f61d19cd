//! The executor: one process beside each task, in charge of it from its start to its exit status.
//!
//! It outlives the agent: whatever happens to the agent, the task runs on and its exit status is
//! kept in the task's folder. The agent speaks with it over a Unix socket ([`protocol`]).
//!
//! In the folder: `task.json` (what to run, [`TaskFile`]), `lock` (held while the executor lives),
//! `exit.json` (how it ended, [`Exit`]) and the sandbox, with what the task says in `stdout` and `stderr`.

mod account;
mod client;
mod error;
mod exit;
mod life;
mod log;
mod output;
mod process;
pub mod protocol;
mod signals;
mod socket;
mod supervisor;
mod task_file;
pub mod tree;

pub(crate) use account::Account;
pub use error::ExecutorError;
pub(crate) use exit::now_ms;
pub use exit::{Cause, Exit, Outcome};
pub use socket::reachable;
pub use task_file::{Program, TaskFile};

use crate::disk;
use nix::fcntl::{FcntlArg, FdFlag, Flock, FlockArg, fcntl};
use std::fs::File;
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};

/// The environment variable that names the pipe whose end of file ends everything.
pub const LIFELINE: &str = "MESOFORM_LIFELINE_FD";

/// Runs the task of the folder `dir` until it has ended and its exit status is on disk.
///
/// It blocks, and takes the whole process for itself: signals, children, session. So call it from
/// `main`, before any thread (or async runtime) is started.
///
/// # Errors
/// The folder cannot be used, or there are other threads; then the task was not started.
pub fn run(dir: &Path) -> Result<(), ExecutorError> {
    alone()?;
    let task: TaskFile = disk::read(&TaskFile::path(dir))?
        .ok_or_else(|| ExecutorError::NoTask { path: TaskFile::path(dir) })?;
    let _lock = lock(dir)?;
    // Who finds an exit status came too late: the agent has given this start up, or it is a second one.
    if disk::read::<Exit>(&Exit::path(dir))?.is_some() {
        return Ok(());
    }
    own_the_process()?;
    supervisor::Supervisor::new(dir, task)?.run()
}

/// Another thread would take our signals, and die of them.
fn alone() -> Result<(), ExecutorError> {
    let threads = std::fs::read_dir("/proc/self/task").map_or(1, Iterator::count);
    if threads > 1 { Err(ExecutorError::Threads { threads }) } else { Ok(()) }
}

/// The file whose lock tells that an executor lives.
pub fn lock_path(dir: &Path) -> PathBuf {
    dir.join("lock")
}

/// Waits for the folder's lock: the agent takes it for moments only.
fn lock(dir: &Path) -> Result<Flock<File>, ExecutorError> {
    let path = lock_path(dir);
    let file = File::options().create(true).append(true).open(&path);
    let file = file.map_err(disk::DiskError::io("opened", &path))?;
    Flock::lock(file, FlockArg::LockExclusive)
        .map_err(|(_, errno)| disk::DiskError::io("locked", &path)(errno.into()).into())
}

/// A session of its own, every orphan of the task its child, and no file passed on by accident.
fn own_the_process() -> Result<(), ExecutorError> {
    // Fails for a session's leader, which is then what is wanted.
    let _ = nix::unistd::setsid();
    nix::sys::prctl::set_child_subreaper(true)
        .map_err(|source| ExecutorError::Prepare { doing: "become a subreaper", source })?;
    nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o077));
    for fd in open_files() {
        // SAFETY: the descriptor is only borrowed for this call; one that is closed gives EBADF.
        let fd = unsafe { BorrowedFd::borrow_raw(fd) };
        let _ = fcntl(fd, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC));
    }
    Ok(())
}

fn open_files() -> Vec<i32> {
    let Ok(entries) = std::fs::read_dir("/proc/self/fd") else { return Vec::new() };
    let numbers = entries.flatten().filter_map(|e| e.file_name().to_str()?.parse().ok());
    numbers.filter(|fd| *fd > 2).collect()
}
