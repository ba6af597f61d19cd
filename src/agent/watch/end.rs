//! How a task ended whose executor does not answer.

use crate::disk::{self, DiskError};
use crate::executor::{Exit, Outcome, lock_path, tree};
use nix::fcntl::{Flock, FlockArg};
use std::path::Path;

/// The exit that the executor wrote.
pub fn read(dir: &Path) -> Option<Exit> {
    match disk::read(&Exit::path(dir)) {
        Ok(exit) => exit,
        // Nobody will ever write a better one.
        Err(error @ (DiskError::Json { .. } | DiskError::Format { .. })) => {
            Some(Exit::now(Outcome::Lost, None, error.to_string()))
        }
        Err(error) => {
            tracing::warn!(%error, "how a task ended is not known yet");
            None
        }
    }
}

/// Writes an exit in place of an executor that is dead, and kills what it left; `None` while it lives.
///
/// Under the executor's own lock: one that comes up late finds the exit, and starts nothing.
pub fn bury(dir: &Path, sandbox: &Path, lost: &(Outcome, String)) -> Option<Exit> {
    let path = lock_path(dir);
    let file = std::fs::File::options().create(true).append(true).open(&path);
    let file = file.inspect_err(|e| tracing::warn!(error = %e, "{}", path.display())).ok()?;
    let _lock = Flock::lock(file, FlockArg::LockExclusiveNonblock).ok()?;
    if let Some(exit) = read(dir) {
        return Some(exit);
    }
    tree::kill_of_sandbox(sandbox);
    let exit = Exit::now(lost.0, None, lost.1.clone());
    let written = disk::write_durably(&Exit::path(dir), &exit);
    written.inspect_err(|error| tracing::warn!(%error, "a lost task is not kept yet")).ok()?;
    Some(exit)
}
