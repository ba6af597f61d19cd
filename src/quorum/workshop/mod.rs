//! What is done to a data directory while its voter does not run.
//!
//! | in the data directory | what it is |
//! |---|---|
//! | `.staging-…` | new data under way; the next who stages removes what was left |
//! | `.staged` | new data, complete, and nobody's yet |
//! | `.begun` | new data that are the voter's: whoever locks the directory moves them in first |
//! | `.replaced-…` | what was the voter's before: kept until somebody removes it |

mod begin;
mod owner;
mod staging;

pub use begin::{begin, finish};
pub use staging::Staging;

use crate::data_dir::{LOG, STATE, VOTER, is_blank, lock};
use crate::error::{QuorumError, Result};
use owner::give_to_owner;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

fn unusable(path: &Path) -> impl Fn(io::Error) -> QuorumError {
    move |error| QuorumError::DataDir { path: path.to_owned(), cause: error.to_string() }
}

/// Whether a voter's data lie there.
///
/// # Errors
/// It cannot be looked at.
pub fn has_data(path: &Path) -> Result<bool> {
    let there = |name: &str| path.join(name).try_exists();
    let any = [VOTER, STATE, LOG].into_iter().map(there).collect::<io::Result<Vec<bool>>>();
    any.map(|any| any.contains(&true)).map_err(unusable(path))
}

/// Whether data of a quorum lie there: those of a voter that has never been in one are nothing to lose.
///
/// # Errors
/// It cannot be looked at.
pub fn holds_data(path: &Path) -> Result<bool> {
    Ok(has_data(path)? && !is_blank(path))
}

/// Moves all that lies in a data directory into a hidden folder in it, and says which: whoever opens it
/// next finds it empty and begins anew. None: there was nothing.
///
/// # Errors
/// The voter runs, or the disk refuses.
pub fn put_aside(path: &Path) -> Result<Option<PathBuf>> {
    if !path.try_exists().map_err(unusable(path))? {
        return Ok(None);
    }
    let _lock = lock(path)?;
    finish(path)?;
    if !has_data(path)? {
        return Ok(None);
    }
    let aside = replaced(path);
    let moved = || {
        fs::DirBuilder::new().mode(0o700).create(&aside)?;
        for name in [VOTER, STATE, LOG] {
            move_if_there(&path.join(name), &aside.join(name))?;
        }
        give_to_owner(path)?;
        File::open(path)?.sync_all()
    };
    moved().map_err(unusable(path))?;
    Ok(Some(aside))
}

/// A name for the folder of what is no voter's any more.
fn replaced(path: &Path) -> PathBuf {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    path.join(format!(".replaced-{now}-{:08x}", rand::random::<u32>()))
}

fn move_if_there(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
