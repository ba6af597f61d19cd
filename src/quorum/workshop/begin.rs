use super::owner::give_to_owner;
use super::{holds_data, move_if_there, replaced, unusable};
use crate::data_dir::{LOG, STATE, VOTER, lock};
use crate::error::{QuorumError, Result};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

pub(super) const STAGED: &str = ".staged";
const BEGUN: &str = ".begun";
/// In the folder of new data: what they replace, until all is moved.
pub(super) const REPLACED: &str = "replaced";

/// Makes the data that wait in the data directory `data` the voter's. What it has is put aside, into the
/// folder that is returned; without `overwrite` it must have nothing of a quorum.
///
/// # Errors
/// The voter runs, no data wait, it has data, or the disk refuses.
pub fn begin(data: &Path, overwrite: bool) -> Result<Option<PathBuf>> {
    let _lock = lock(data)?;
    finish(data)?;
    let staged = data.join(STAGED);
    if !staged.join(VOTER).try_exists().map_err(unusable(data))? {
        return Err(QuorumError::NothingStaged { path: data.to_owned() });
    }
    // Looked at as late as this: whatever came since somebody looked is seen.
    if !overwrite && holds_data(data)? {
        return Err(QuorumError::HasData { path: data.to_owned() });
    }
    // From here on they are the voter's, whatever happens.
    let decided = fs::rename(&staged, data.join(BEGUN));
    decided.and_then(|()| sync(data)).map_err(unusable(data))?;
    finish(data)
}

/// Moves in what is the voter's and lies beside its place still, which only an interruption leaves so:
/// where what it replaces was put. Whoever calls has locked the directory.
///
/// # Errors
/// The disk refuses.
pub fn finish(data: &Path) -> Result<Option<PathBuf>> {
    let begun = data.join(BEGUN);
    if !begun.try_exists().map_err(unusable(data))? {
        return Ok(None);
    }
    move_all(data, &begun).map_err(unusable(data))
}

/// Each step may have been made before.
fn move_all(data: &Path, begun: &Path) -> io::Result<Option<PathBuf>> {
    let old = begun.join(REPLACED);
    for name in [VOTER, STATE, LOG] {
        // Where the new one is no more here, what lies in its place is the new one.
        if begun.join(name).try_exists()? {
            move_if_there(&data.join(name), &old.join(name))?;
        }
    }
    sync(&old).and_then(|()| sync(data))?;
    // Without its record the rest is no voter's: it comes last.
    for name in [LOG, STATE, VOTER] {
        move_if_there(&begun.join(name), &data.join(name))?;
        sync(data)?;
    }
    let aside = keep_old(data, &old)?;
    fs::remove_dir_all(begun)?;
    give_to_owner(data)?;
    sync(data)?;
    Ok(aside)
}

fn keep_old(data: &Path, old: &Path) -> io::Result<Option<PathBuf>> {
    if !old.try_exists()? || fs::read_dir(old)?.next().is_none() {
        return Ok(None);
    }
    let aside = replaced(data);
    fs::rename(old, &aside)?;
    Ok(Some(aside))
}

fn sync(folder: &Path) -> io::Result<()> {
    match File::open(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        opened => opened?.sync_all(),
    }
}
