//! A log has no holes, and joins on to the state.

use super::LogStore;
use super::store::{LOG, Shared, open};
use crate::error::{QuorumError, Result};
use crate::raft::LogId;
use redb::{Database, ReadableTable};
use std::ops::RangeInclusive;
use std::path::Path;

impl LogStore {
    /// Sees to it that no entry is missing, up to the last, of those that the state lacks. It ends with
    /// `applied`.
    ///
    /// What the state holds may be missing: a snapshot took the place of these entries, and the power
    /// failed before they were cut. That is done now. Nothing that can happen to a voter leaves a hole
    /// behind the end of the state: what follows a snapshot is only written when it has been taken in
    /// (see [`LogStore::settle`]). Then the file or the state is not what it was, what follows the hole
    /// may have been promised, and nobody can tell.
    ///
    /// # Errors
    /// Entries are missing that the state has not, or the storage failed.
    pub async fn join(&self, path: &Path, applied: Option<LogId>) -> Result<()> {
        let fail = |cause: String| QuorumError::Database { path: path.to_owned(), cause };
        let purged = self.shared().purged;
        let (ends, begins) = (next(applied), next(purged));
        let gap = |first: u64, last: u64| {
            let (path, applied) = (path.to_owned(), applied.map_or(0, |id| id.index));
            Err(QuorumError::Gap { path, applied, first, last })
        };
        if begins > ends {
            return gap(ends, begins - 1);
        }
        let hole = last_hole(begins, self.indices().map_err(fail)?);
        match (hole, applied) {
            (None, _) => Ok(()),
            (Some(hole), Some(applied)) if *hole.end() <= applied.index => {
                let (first, last) = hole.into_inner();
                tracing::info!(first, last, "the log is cut up to the end of the state");
                self.remove(applied).await.map_err(fail)?;
                *self.shared() = Shared::load(&self.database).map_err(fail)?;
                Ok(())
            }
            (Some(hole), _) => gap(ends.max(*hole.start()), *hole.end()),
        }
    }

    fn indices(&self) -> std::result::Result<Vec<u64>, String> {
        indices(&self.database).map_err(|e| e.to_string())
    }
}

/// The index after this one.
fn next(id: Option<LogId>) -> u64 {
    id.map_or(0, |id| id.index + 1)
}

fn indices(database: &Database) -> std::result::Result<Vec<u64>, redb::Error> {
    let Some(log) = open(database, LOG)? else { return Ok(Vec::new()) };
    log.iter()?.map(|row| Ok(row?.0.value())).collect()
}

/// What is missing last, of indices in order that should begin with `begins`.
fn last_hole(begins: u64, indices: impl IntoIterator<Item = u64>) -> Option<RangeInclusive<u64>> {
    let (mut expected, mut hole) = (begins, None);
    for index in indices {
        if index > expected {
            hole = Some(expected..=index - 1);
        }
        expected = expected.max(index + 1);
    }
    hole
}

#[cfg(test)]
mod tests {
    use super::last_hole;

    #[test]
    fn the_last_hole_counts() {
        assert_eq!(last_hole(0, []), None);
        assert_eq!(last_hole(5, [5, 6, 7]), None);
        assert_eq!(last_hole(5, [3, 4, 5, 6]), None);
        assert_eq!(last_hole(0, [4, 5]), Some(0..=3));
        assert_eq!(last_hole(2, [2, 3, 7, 8, 10]), Some(9..=9));
    }
}
