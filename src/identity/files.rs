use crate::{IdentityError, Result, Secret};
use ring::rand::{SecureRandom, SystemRandom};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// No certificate or key comes near this; a wrong path must not fill the memory.
const MAX_BYTES: u64 = 1 << 20;

/// Writes `bytes` to `path` so that only the owner can read them, all or nothing, durably.
///
/// An existing file is replaced; its owner is not kept.
///
/// # Errors
/// The folder is missing, or the file cannot be written.
pub fn write_secret(path: &Path, bytes: &[u8]) -> Result<()> {
    write_atomic(path, bytes, 0o600)
}

/// Writes `bytes` to `path` for everyone to read, all or nothing, durably.
///
/// # Errors
/// As [`write_secret`].
pub fn write_public(path: &Path, bytes: &[u8]) -> Result<()> {
    write_atomic(path, bytes, 0o644)
}

/// Reads a secret text file that only its owner may read.
///
/// # Errors
/// It cannot be read, is no UTF-8, is too long, or others could read it too.
pub fn read_secret(path: &Path) -> Result<Secret> {
    read_secret_of(path, MAX_BYTES)
}

/// Reads a secret text file of at most `most` bytes that only its owner may read.
///
/// # Errors
/// As [`read_secret`].
pub fn read_secret_of(path: &Path, most: u64) -> Result<Secret> {
    let file = File::open(path).map_err(read_error(path))?;
    let mode = file.metadata().map_err(read_error(path))?.mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(IdentityError::KeyOpenToOthers { path: path.to_owned(), mode });
    }
    read_bounded(file, most).map(Secret::new).map_err(read_error(path))
}

/// Reads a text file that is no secret.
pub(crate) fn read_text(path: &Path) -> Result<String> {
    File::open(path).and_then(|file| read_bounded(file, MAX_BYTES)).map_err(read_error(path))
}

/// Half a file could be taken for a whole one: what is too long is refused.
fn read_bounded(file: File, most: u64) -> io::Result<String> {
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        let words = format!("it has more than {most} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, words));
    }
    String::from_utf8(bytes).map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e))
}

fn read_error(path: &Path) -> impl FnOnce(io::Error) -> IdentityError {
    let path = path.to_owned();
    move |source| IdentityError::Read { path, source }
}

fn write_atomic(path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    let fail = |source| IdentityError::Write { path: path.to_owned(), source };
    let temporary = temporary_beside(path)?;
    let written = write_new(&temporary, bytes, mode)
        .and_then(|()| std::fs::rename(&temporary, path))
        .and_then(|()| sync_folder_of(path));
    if written.is_err() {
        // Whatever is left of it may be secret.
        let _ = std::fs::remove_file(&temporary);
    }
    written.map_err(fail)
}

fn write_new(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    // The umask may have taken bits away from `mode`.
    file.set_permissions(std::fs::Permissions::from_mode(mode))?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn sync_folder_of(path: &Path) -> io::Result<()> {
    File::open(folder_of(path))?.sync_all()
}

/// A name in the same folder that nobody else uses.
fn temporary_beside(path: &Path) -> Result<PathBuf> {
    let mut random = [0; 8];
    SystemRandom::new().fill(&mut random).map_err(IdentityError::make)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Ok(folder_of(path).join(format!(".{name}.{}.tmp", hex::encode(random))))
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_is_refused_and_not_cut() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("book");
        write_secret(&path, b"12345").unwrap();
        assert_eq!(read_secret_of(&path, 5).unwrap().expose(), "12345");
        let error = read_secret_of(&path, 4).unwrap_err().to_string();
        assert!(error.contains("more than 4 bytes"), "{error}");
    }
}
