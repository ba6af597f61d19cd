//! Small files that must survive a crash: written whole or not at all.

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// What could not be done with a file or folder.
#[derive(Debug, Error)]
pub enum DiskError {
    #[error("{}: cannot be {doing}: {source}", path.display())]
    Io { doing: &'static str, path: PathBuf, source: io::Error },
    #[error("{}: is no valid JSON of its kind: {source}", path.display())]
    Json { path: PathBuf, source: serde_json::Error },
    #[error(
        "{}: is in format {found}, but this version of mesoform knows formats up to {known}; run \
         the version of mesoform that wrote it, or a later one",
        path.display()
    )]
    Format { path: PathBuf, found: u32, known: u32 },
}

impl DiskError {
    /// An IO error with the file that it concerns: `cannot be <doing>`.
    pub fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { doing, path, source }
    }
}

/// A stored thing that says in which format it is written.
pub trait Stored: Serialize + DeserializeOwned {
    /// The newest format that this version reads and writes.
    const FORMAT: u32;
    /// The format that stands in the file.
    fn format(&self) -> u32;
}

/// Reads `path`; `None` when there is no such file.
pub fn read<S: Stored>(path: &Path) -> Result<Option<S>, DiskError> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(DiskError::io("read", path)(e)),
    };
    let read: S = serde_json::from_slice(&bytes)
        .map_err(|source| DiskError::Json { path: path.to_owned(), source })?;
    if read.format() > S::FORMAT {
        let (found, known) = (read.format(), S::FORMAT);
        return Err(DiskError::Format { path: path.to_owned(), found, known });
    }
    Ok(Some(read))
}

/// Writes `value` to `path` (0600): a reader sees the old content or the new, also when this process
/// is killed meanwhile. For what is of no use after a power cut, which no task survives.
pub fn write<S: Stored>(path: &Path, value: &S) -> Result<(), DiskError> {
    let bytes = to_json(path, value)?;
    replace(path, &bytes, false).map_err(DiskError::io("written", path))
}

/// As [`write`], and when it returns the new content also survives a power cut.
pub fn write_durably<S: Stored>(path: &Path, value: &S) -> Result<(), DiskError> {
    let bytes = to_json(path, value)?;
    replace(path, &bytes, true).map_err(DiskError::io("written", path))
}

fn to_json<S: Stored>(path: &Path, value: &S) -> Result<Vec<u8>, DiskError> {
    serde_json::to_vec(value).map_err(|source| DiskError::Json { path: path.to_owned(), source })
}

fn replace(path: &Path, bytes: &[u8], durably: bool) -> io::Result<()> {
    let fresh = path.with_extension("new");
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
    file.write_all(bytes)?;
    if durably {
        file.sync_all()?;
    }
    std::fs::rename(&fresh, path)?;
    if durably {
        // The rename itself is only safe once the folder is.
        File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
}

/// Makes `dir` and what is above it, and gives it `mode`.
pub fn directory(dir: &Path, mode: u32) -> Result<(), DiskError> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::create_dir_all(dir).map_err(DiskError::io("made", dir))?;
    std::fs::set_permissions(dir, std::fs::Permissions::from_mode(mode))
        .map_err(DiskError::io("given its mode", dir))
}
