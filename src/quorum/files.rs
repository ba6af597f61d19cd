//! What is done to the file of a database as a whole. In a simulation it is one of its disks.

#[cfg(test)]
use crate::simulation;
use std::fs::{self, File};
use std::io;
use std::path::Path;

/// Gives a file another's name, which is then gone. Once [`sync_folder`] is done, no power cut undoes it.
///
/// # Errors
/// It cannot be.
pub fn rename(from: &Path, to: &Path) -> io::Result<()> {
    #[cfg(test)]
    if let Some(done) = simulation::rename(from, to) {
        return done;
    }
    fs::rename(from, to)
}

/// Sees to it that the names in the folder of `path` are on the disk.
///
/// # Errors
/// The disk failed.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    #[cfg(test)]
    if let Some(done) = simulation::sync_folder(path) {
        return done;
    }
    File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
}

/// Removes a file, if it is there.
///
/// # Errors
/// It cannot be.
pub fn remove(path: &Path) -> io::Result<()> {
    #[cfg(test)]
    if let Some(done) = simulation::remove(path) {
        return done;
    }
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
