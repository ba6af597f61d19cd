use super::seed::Nobody;
use super::write;
use crate::data_dir::{DataDir, LOG, STATE, VOTER, lock};
use crate::error::{QuorumError, Result};
use crate::log::LogStore;
use crate::machine::State;
use crate::workshop::{self, Staging};
use mesoform_settings::QuorumSettings;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;

const CACHE: usize = 64 << 20;
/// Entries that are applied at once.
const STEP: u64 = 1024;

/// Makes a backup of the data of a voter that does not run, with all that its log has: what a majority
/// never agreed on may be among it, and nobody was told that it failed.
///
/// All is done on a copy: whatever comes of it, the voter that begins again with its own data must find
/// them as they were.
///
/// # Errors
/// The voter runs, has no data, or they cannot be read; or the disk refuses.
pub fn salvage(settings: &QuorumSettings, staging: &Staging) -> Result<File> {
    let path = &settings.data_dir;
    let _lock = lock(path)?;
    workshop::finish(path)?;
    let copy = staging.copies();
    copy_data(path, &copy).map_err(|stopped| match stopped {
        Uncopied::Missing(name) => unusable(&path.join(name), "it is missing"),
        Uncopied::Disk(error) => staging.cannot()(error),
    })?;
    let mut backup = staging.scratch()?;
    let told = |error| about_the_original(error, path);
    let (record, state) = caught_up(settings, &copy, path).map_err(told)?;
    let view = state.read().map_err(|e| unusable(&path.join(STATE), e))?;
    let mut written = Ok(());
    write(&view, &settings.cluster, record.cluster_id(), |bytes| {
        written = backup.write_all(&bytes);
        written.is_ok()
    })
    .map_err(|e| unusable(&path.join(STATE), e))?;
    written.map_err(staging.cannot())?;
    drop((view, state, record));
    // It would only take room from what is still to come.
    fs::remove_dir_all(&copy).map_err(staging.cannot())?;
    Ok(backup)
}

/// Why there is no copy.
enum Uncopied {
    Missing(&'static str),
    Disk(io::Error),
}

fn copy_data(from: &Path, to: &Path) -> Result<(), Uncopied> {
    fs::DirBuilder::new().mode(0o700).create(to).map_err(Uncopied::Disk)?;
    for name in [VOTER, STATE, LOG] {
        if !from.join(name).try_exists().map_err(Uncopied::Disk)? {
            return Err(Uncopied::Missing(name));
        }
        fs::copy(from.join(name), to.join(name)).map_err(Uncopied::Disk)?;
    }
    Ok(())
}

/// The state of the voter whose data were copied, with all that its log has.
fn caught_up(settings: &QuorumSettings, copy: &Path, original: &Path) -> Result<(DataDir, State)> {
    let record = DataDir::open(copy, &settings.cluster)?;
    let state = State::open(&record.state(), CACHE, Arc::new(Nobody))?;
    state.claim(&record.owner())?;
    let log = LogStore::open(&record.log(), CACHE)?;
    log.claim(&record.log(), &record.owner())?;
    if log.is_empty() && state.now().applied.is_none() {
        let cause = "this voter has never had anything of a quorum";
        return Err(unusable(original, cause));
    }
    catch_up(&state, &log).map_err(|cause| unusable(&original.join(LOG), cause))?;
    Ok((record, state))
}

/// Applies what the log has and the state has not.
fn catch_up(state: &State, log: &LogStore) -> Result<(), String> {
    let last = log.last_log_id().map_or(0, |id| id.index);
    loop {
        let next = state.now().applied.map_or(0, |id| id.index + 1);
        if next > last {
            return Ok(());
        }
        let entries = log.read(next..(next + STEP).min(last + 1))?;
        let found = entries.iter().map(|entry| entry.log_id.index);
        if let Some(missing) = first_missing(next, found) {
            return Err(format!(
                "the log goes to entry {last}, but has no entry {missing}, and the state ends with \
                 entry {}",
                next.saturating_sub(1)
            ));
        }
        state.replay(entries).map_err(|e| e.to_string())?;
    }
}

/// The first index from `next` on that is not among those that were found; none where there is no gap
/// between these, and at least one.
fn first_missing(next: u64, found: impl Iterator<Item = u64>) -> Option<u64> {
    let mut wanted = next;
    for index in found {
        if index != wanted {
            return Some(wanted);
        }
        wanted += 1;
    }
    (wanted == next).then_some(next)
}

fn unusable(path: &Path, cause: impl ToString) -> QuorumError {
    QuorumError::Salvage { path: path.to_owned(), cause: cause.to_string() }
}

/// What is wrong with the copy of a file is wrong with the file.
fn about_the_original(error: QuorumError, original: &Path) -> QuorumError {
    let own = |path: &Path| path.file_name().map_or(original.into(), |name| original.join(name));
    match error {
        QuorumError::Salvage { .. } => error,
        QuorumError::Database { path, cause } => unusable(&own(&path), cause),
        QuorumError::OtherOwner { path, found, wanted } => unusable(
            &own(&path),
            format!("it belongs to the voter {found:x}, and {VOTER} to {wanted:x}"),
        ),
        QuorumError::DataDir { cause, .. } => unusable(original, cause),
        QuorumError::OtherCluster { found, wanted, .. } => unusable(
            original,
            format!("it holds the data of the cluster `{found}`, not of `{wanted}`"),
        ),
        QuorumError::NewerFormat { found, known, version, .. } => unusable(
            original,
            format!(
                "it is in format {found}, but this version of mesoform knows formats up to {known} \
                 (mesoform {version} has written it)"
            ),
        ),
        other => unusable(original, other),
    }
}
