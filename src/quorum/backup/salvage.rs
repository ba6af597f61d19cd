use super::seed::Nobody;
use super::write;
use crate::data_dir::DataDir;
use crate::error::{QuorumError, Result};
use crate::log::LogStore;
use crate::machine::State;
use crate::workshop;
use mesoform_settings::QuorumSettings;
use std::fs::File;
use std::io::{self, Write};
use std::sync::Arc;

const CACHE: usize = 64 << 20;
/// Entries that are applied at once.
const STEP: u64 = 1024;

/// Makes a backup of the data of a voter that does not run, with all that its log has: what a majority
/// never agreed on may be among it, and nobody was told that it failed.
///
/// # Errors
/// The voter runs, has no data, or its storage failed.
pub fn salvage(settings: &QuorumSettings, backup: &mut File) -> Result<()> {
    let path = &settings.data_dir;
    if !workshop::has_data(path)? {
        return Err(QuorumError::Backup { cause: "this voter has no data".to_owned() });
    }
    let record = DataDir::open(path, &settings.cluster)?;
    let state = State::open(&record.state(), CACHE, Arc::new(Nobody))?;
    let log = LogStore::open(&record.log(), CACHE)?;
    let failed = |cause: String| QuorumError::Database { path: path.clone(), cause };
    catch_up(&state, &log).map_err(failed)?;
    let view = state.read().map_err(|e| failed(e.to_string()))?;
    let mut written = Ok(());
    write(&view, &settings.cluster, record.cluster_id(), |bytes| {
        written = backup.write_all(&bytes);
        written.is_ok()
    })
    .map_err(|e| failed(e.to_string()))?;
    let done: io::Result<()> = written.and_then(|()| backup.sync_all());
    done.map_err(|e| failed(e.to_string()))
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
        if entries.first().is_none_or(|entry| entry.log_id.index != next) {
            return Err(format!("the log has no entry {next}"));
        }
        state.replay(entries).map_err(|e| e.to_string())?;
    }
}
