use super::apply::apply_all;
use super::{DefragmentError, State};
use crate::files;
use crate::mvcc::{self, MvccError, ReadTables, Tables};
use crate::storage;
use redb::{Database, WriteTransaction};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

type Result<T, E = DefragmentError> = std::result::Result<T, E>;

/// A copy of the state in a file of its own, on its way to take the state's place. Dropped before that,
/// it leaves no trace.
pub struct Twin {
    state: Arc<State>,
    path: PathBuf,
    database: Option<Database>,
}

impl Twin {
    /// An empty file.
    pub fn make(state: Arc<State>) -> Result<Self> {
        let path = path(&state.path);
        files::remove(&path)?;
        let fail = |e: redb::DatabaseError| io::Error::other(e.to_string());
        let database = storage::create(&path, state.cache_bytes).map_err(fail)?;
        Ok(Self { state, path, database: Some(database) })
    }

    /// The state as it is now, while nobody writes. What is applied from here on is remembered.
    pub fn begin(&self) -> Result<ReadTables> {
        let view = self.state.read()?;
        self.state.begin_tail();
        Ok(view)
    }

    /// Copies what is seen.
    pub fn copy(
        mut self,
        view: &ReadTables,
        mut go_on: impl FnMut() -> Result<()>,
    ) -> Result<Self> {
        let state = self.state.clone();
        let Some(database) = self.database.as_mut() else { return Ok(self) };
        mvcc::copy(view, database, || {
            go_on()?;
            state.check_tail()
        })?;
        // A database that has just grown is up to twice as long as it must be.
        database.compact().map_err(|e| MvccError::Storage(e.to_string()))?;
        Ok(self)
    }

    /// Applies what was applied to the state meanwhile. False: there was nothing.
    pub fn catch_up(self) -> Result<(Self, bool)> {
        let works = self.state.take_tail()?;
        if !works.is_empty() {
            let transaction = self.begin_write()?;
            apply_all(&transaction, &works)?;
            transaction.commit().map_err(MvccError::from)?;
        }
        Ok((self, !works.is_empty()))
    }

    /// Takes the state's place, while nobody writes: its name first. Returns the old one.
    pub fn take_place(self) -> Result<Arc<Database>> {
        let (mut twin, _) = self.catch_up()?;
        twin.become_same()?;
        let Some(database) = twin.database.take() else { return Err(DefragmentError::Different) };
        if let Err(error) = files::rename(&twin.path, &twin.state.path) {
            twin.database = Some(database);
            return Err(error.into());
        }
        // It has the name: whatever comes, what is written must go there.
        let old = twin.state.change_places(Arc::new(database));
        if let Err(error) = files::sync_folder(&twin.state.path) {
            // The old file may come back, without what is written from here on: nothing may be.
            twin.state.broken().cancel();
            return Err(error.into());
        }
        Ok(old)
    }

    /// What a flush of the state notes goes by the log's back; all else must be the same already.
    fn become_same(&self) -> Result<()> {
        let original = self.state.read()?;
        let transaction = self.begin_write()?;
        let came_to = mvcc::WriteTables::open(&transaction)?.revision();
        if came_to != original.revision() {
            return Err(DefragmentError::Different);
        }
        mvcc::copy_facts(&original, &transaction)?;
        transaction.commit().map_err(MvccError::from)?;
        Ok(())
    }

    fn begin_write(&self) -> Result<WriteTransaction> {
        let Some(database) = &self.database else { return Err(DefragmentError::Different) };
        let mut transaction = database.begin_write().map_err(MvccError::from)?;
        transaction.set_quick_repair(true);
        Ok(transaction)
    }
}

impl Drop for Twin {
    fn drop(&mut self) {
        self.state.end_tail();
        if self.database.take().is_some() {
            // What stays goes at the next attempt, or the next start.
            let _ = files::remove(&self.path);
        }
    }
}

/// Where the copy of the state at `path` grows up.
pub fn path(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.new"))
}
