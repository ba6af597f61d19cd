//! Opening the databases of a voter, with nothing in them believed unseen.

use crate::error::{QuorumError, Result};
use redb::{Database, ReadableDatabase, TableDefinition, TableError};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Both databases keep their small facts in a table of this name.
const META: TableDefinition<&str, &[u8]> = TableDefinition::new("meta");
pub const OWNER: &str = "owner";
/// A file that has grown beyond this, and is mostly free, is made smaller when it is opened.
const LARGE: u64 = 64 * 1024 * 1024;

/// Whose a database is: a file that comes from another directory promises other things.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    pub cluster: String,
    pub node_id: u64,
}

/// Opens the database at `path`, or makes it.
///
/// All of it is read and held against its checksums: a damaged page must be found before it is
/// believed, and before others are sent what it says.
///
/// # Errors
/// It is damaged, in use, or cannot be written.
pub fn open(path: &Path, cache_bytes: usize) -> Result<Database> {
    let opened = guarded(path, || {
        let mut database = create(path, cache_bytes).map_err(|e| e.to_string())?;
        if !database.check_integrity().map_err(|e| e.to_string())? {
            return Err("its checksums do not fit what it holds".to_owned());
        }
        shrink(path, &mut database)?;
        Ok(database)
    });
    opened.map_err(|cause| QuorumError::Database { path: path.to_owned(), cause })
}

/// Some damage the database only notices by falling over.
#[cfg(panic = "unwind")]
fn guarded<T>(
    _: &Path,
    work: impl FnOnce() -> std::result::Result<T, String>,
) -> std::result::Result<T, String> {
    let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
    done.unwrap_or_else(|_| Err("it is damaged".to_owned()))
}

/// As above, where that ends the process: the last words at least say why.
#[cfg(panic = "abort")]
fn guarded<T>(
    path: &Path,
    work: impl FnOnce() -> std::result::Result<T, String>,
) -> std::result::Result<T, String> {
    let usual = std::panic::take_hook();
    let path = path.to_owned();
    std::panic::set_hook(Box::new(move |panic| {
        let cause = format!("it is damaged ({panic})");
        tracing::error!("{}", QuorumError::Database { path: path.clone(), cause });
    }));
    let done = work();
    std::panic::set_hook(usual);
    done
}

/// As [`open`], believing what is there.
///
/// # Errors
/// It is damaged, in use, or cannot be written.
pub fn create(
    path: &Path,
    cache_bytes: usize,
) -> std::result::Result<Database, redb::DatabaseError> {
    let mut builder = redb::Builder::new();
    builder.set_cache_size(cache_bytes);
    // In a simulation the power can fail at any write.
    #[cfg(test)]
    if let Some(disk) = crate::simulation::disk(path) {
        return builder.create_with_backend(disk);
    }
    builder.create(path)
}

fn shrink(path: &Path, database: &mut Database) -> std::result::Result<(), String> {
    let size = std::fs::metadata(path).map_or(0, |file| file.len());
    if size < LARGE {
        return Ok(());
    }
    let stats = database.begin_write().map_err(|e| e.to_string())?;
    let used = stats.stats().map(|stats| stats.allocated_pages() * stats.page_size() as u64);
    stats.abort().map_err(|e| e.to_string())?;
    if used.map_err(|e| e.to_string())? > size / 2 {
        return Ok(());
    }
    database.compact().map_err(|e| e.to_string())?;
    let now = std::fs::metadata(path).map_or(0, |file| file.len());
    tracing::info!(path = %path.display(), from = size, to = now, "a database was made smaller");
    Ok(())
}

/// Notes whose the database is, or sees to it that it is this one's.
///
/// # Errors
/// It is another's, or cannot be read or written.
pub fn claim(database: &Database, path: &Path, owner: &Owner) -> Result<()> {
    let fail = |cause: String| QuorumError::Database { path: path.to_owned(), cause };
    match noted(database).map_err(fail)? {
        Some(found) if found == *owner => Ok(()),
        Some(found) if found.cluster != owner.cluster => Err(QuorumError::OtherCluster {
            path: path.to_owned(),
            found: found.cluster,
            wanted: owner.cluster.clone(),
        }),
        Some(found) => Err(QuorumError::OtherOwner {
            path: path.to_owned(),
            found: found.node_id,
            wanted: owner.node_id,
        }),
        None => note(database, owner).map_err(|e| fail(e.to_string())),
    }
}

fn noted(database: &Database) -> std::result::Result<Option<Owner>, String> {
    let read = database.begin_read().map_err(|e| e.to_string())?;
    let meta = match read.open_table(META) {
        Err(TableError::TableDoesNotExist(_)) => return Ok(None),
        table => table.map_err(|e| e.to_string())?,
    };
    let Some(json) = meta.get(OWNER).map_err(|e| e.to_string())? else { return Ok(None) };
    serde_json::from_slice(json.value()).map(Some).map_err(|e| format!("{OWNER}: {e}"))
}

fn note(database: &Database, owner: &Owner) -> std::result::Result<(), redb::Error> {
    let json = serde_json::to_vec(owner).map_err(std::io::Error::from)?;
    let mut write = database.begin_write()?;
    write.set_quick_repair(true);
    write.open_table(META)?.insert(OWNER, json.as_slice())?;
    write.commit()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    const ROWS: TableDefinition<u64, &[u8]> = TableDefinition::new("rows");
    const COUNT: u64 = 300;

    fn made(dir: &Path) -> PathBuf {
        let path = dir.join("a.redb");
        let database = open(&path, 1 << 20).unwrap();
        for half in [0..COUNT / 2, COUNT / 2..COUNT] {
            let write = database.begin_write().unwrap();
            let mut table = write.open_table(ROWS).unwrap();
            for row in half {
                table.insert(row, [7; 100].as_slice()).unwrap();
            }
            drop(table);
            write.commit().unwrap();
        }
        path
    }

    /// All that is in it, or why it is refused.
    fn read(path: &Path) -> std::result::Result<u64, String> {
        let database = open(path, 1 << 20).map_err(|e| e.to_string())?;
        let read = database.begin_read().map_err(|e| e.to_string())?;
        let table = read.open_table(ROWS).map_err(|e| e.to_string())?;
        Ok((0..COUNT)
            .filter(|row| table.get(row).unwrap().is_some_and(|value| value.value() == [7; 100]))
            .count() as u64)
    }

    #[test]
    fn a_flipped_bit_is_found_or_does_no_harm() {
        let dir = tempfile::tempdir().unwrap();
        let good = std::fs::read(made(dir.path())).unwrap();
        let flipped = dir.path().join("b.redb");
        let mut refused = 0;
        let positions = (0..512).step_by(3).chain((512..good.len()).step_by(4_099));
        for at in positions {
            let mut bytes = good.clone();
            bytes[at] ^= 1 << (at % 8);
            std::fs::write(&flipped, bytes).unwrap();
            match read(&flipped) {
                Ok(rows) => assert_eq!(rows, COUNT, "byte {at}: rows are lost"),
                Err(cause) => {
                    refused += 1;
                    assert!(cause.contains("b.redb"), "{cause}");
                }
            }
        }
        assert!(refused > 20, "{refused} were refused");
    }

    #[test]
    fn a_file_that_was_cut_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let good = std::fs::read(made(dir.path())).unwrap();
        let cut = dir.path().join("b.redb");
        for part in [1, 100, 4096, good.len() / 2, good.len() - 4096, good.len() - 1] {
            std::fs::write(&cut, &good[..part]).unwrap();
            assert!(read(&cut).is_err(), "{part} bytes");
        }
    }

    #[test]
    fn a_database_has_one_owner() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.redb");
        let database = open(&path, 1 << 20).unwrap();
        let owner = Owner { cluster: "c".to_owned(), node_id: 7 };
        claim(&database, &path, &owner).unwrap();
        claim(&database, &path, &owner).unwrap();
        let other = Owner { node_id: 8, ..owner.clone() };
        let error = claim(&database, &path, &other).unwrap_err();
        assert!(matches!(error, QuorumError::OtherOwner { found: 7, wanted: 8, .. }), "{error}");
        let other = Owner { cluster: "d".to_owned(), ..owner };
        let error = claim(&database, &path, &other).unwrap_err();
        assert!(matches!(error, QuorumError::OtherCluster { .. }), "{error}");
    }

    #[test]
    fn a_file_that_is_mostly_free_is_made_smaller() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.redb");
        let database = open(&path, 1 << 20).unwrap();
        let write = database.begin_write().unwrap();
        for row in 0..100 {
            write.open_table(ROWS).unwrap().insert(row, vec![7; 1 << 20].as_slice()).unwrap();
        }
        write.commit().unwrap();
        let write = database.begin_write().unwrap();
        write.open_table(ROWS).unwrap().retain(|_, _| false).unwrap();
        write.open_table(ROWS).unwrap().insert(1, [7; 100].as_slice()).unwrap();
        write.commit().unwrap();
        drop(database);
        drop(open(&path, 1 << 20).unwrap());
        let size = std::fs::metadata(&path).unwrap().len();
        assert!(size < LARGE / 2, "{size} bytes");
        assert_eq!(read(&path).unwrap(), 1);
    }
}
