//! What is done to a data directory while its voter does not run.

use crate::data_dir::{LOG, STATE, VOTER, lock};
use crate::error::{QuorumError, Result};
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, lchown};
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

/// Makes a folder in a data directory that no voter looks at.
///
/// # Errors
/// It cannot be made.
pub fn hidden(path: &Path, purpose: &str) -> Result<PathBuf> {
    let folder = path.join(format!(".{purpose}-{:08x}", rand::random::<u32>()));
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder);
    made.map_err(unusable(path)).map(|()| folder)
}

/// Makes the data in `folder`, which lies in the data directory, the voter's.
///
/// # Errors
/// The voter runs, or the disk refuses.
pub fn move_in(folder: &Path, path: &Path) -> Result<()> {
    let _lock = lock(path)?;
    let moved = || {
        // Without its record the rest is no voter's: it comes last.
        for name in [LOG, STATE, VOTER] {
            fs::rename(folder.join(name), path.join(name))?;
        }
        fs::remove_dir_all(folder)?;
        give_to_owner(path)?;
        File::open(path)?.sync_all()
    };
    moved().map_err(unusable(path))
}

/// Moves all that lies in a data directory into a hidden folder in it, and says which: whoever opens it
/// next finds it empty and begins anew. None: there was nothing.
///
/// # Errors
/// The voter runs, or the disk refuses.
pub fn put_aside(path: &Path) -> Result<Option<PathBuf>> {
    if !has_data(path)? {
        return Ok(None);
    }
    let _lock = lock(path)?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let aside = hidden(path, &format!("replaced-{now}"))?;
    let moved = || {
        for name in [VOTER, STATE, LOG] {
            match fs::rename(path.join(name), aside.join(name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        give_to_owner(path)?;
        File::open(path)?.sync_all()
    };
    moved().map_err(unusable(path))?;
    Ok(Some(aside))
}

/// What root has made in a data directory becomes its owner's.
fn give_to_owner(path: &Path) -> io::Result<()> {
    let owner = fs::metadata(path)?;
    for entry in fs::read_dir(path)? {
        let (path, found) = entry.and_then(|entry| Ok((entry.path(), entry.metadata()?)))?;
        if (found.uid(), found.gid()) != (owner.uid(), owner.gid()) {
            lchown(path, Some(owner.uid()), Some(owner.gid()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data_dir::DataDir;

    #[test]
    fn what_is_put_aside_is_kept_and_a_new_voter_begins() {
        let dir = tempfile::tempdir().unwrap();
        let first = DataDir::open(dir.path(), "c").unwrap();
        assert!(matches!(put_aside(dir.path()), Err(QuorumError::Locked { .. })));
        let id = first.node_id();
        drop(first);
        let aside = put_aside(dir.path()).unwrap().unwrap();
        assert!(aside.join(VOTER).exists());
        assert_eq!(put_aside(dir.path()).unwrap(), None);
        assert_ne!(DataDir::open(dir.path(), "c").unwrap().node_id(), id);
    }
}
