use super::begin::{REPLACED, STAGED};
use super::owner::give_all_to_owner;
use super::unusable;
use crate::data_dir::lock_as;
use crate::error::{QuorumError, Result};
use nix::fcntl::Flock;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

const LOCK: &str = ".workshop";
const PREFIX: &str = ".staging-";

/// New data under way, on the disk that they are for. Where they do not get ready, nothing is left of
/// them.
#[derive(Debug)]
pub struct Staging {
    data: PathBuf,
    folder: PathBuf,
    _lock: Flock<File>,
}

impl Staging {
    /// Begins in the data directory `data`, which is made where it is missing; its voter may run.
    ///
    /// # Errors
    /// Somebody else is at it, or the disk refuses.
    pub fn open(data: &Path) -> Result<Self> {
        let folder = |path: &Path| fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
        folder(data).map_err(unusable(data))?;
        let lock = lock_as(data, LOCK).map_err(|_| QuorumError::Staging {
            path: data.to_owned(),
            cause: "somebody else is preparing data there".to_owned(),
        })?;
        remove_left_over(data).map_err(unusable(data))?;
        let own = data.join(format!("{PREFIX}{:08x}", rand::random::<u32>()));
        folder(&own).map_err(cannot(data))?;
        Ok(Self { data: data.to_owned(), folder: own, _lock: lock })
    }

    /// Where the new data are to be made.
    pub fn new_data(&self) -> PathBuf {
        self.folder.join("new")
    }

    /// Where a copy of the present data may lie meanwhile.
    pub fn copies(&self) -> PathBuf {
        self.folder.join("own")
    }

    /// A file that is gone when this is over.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn scratch(&self) -> Result<File> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(true).mode(0o600);
        options.open(self.folder.join("backup")).map_err(self.cannot())
    }

    /// The same with all of `source` in it.
    ///
    /// # Errors
    /// The disk refuses, or the source does.
    pub fn receive(&self, source: &mut impl Read) -> Result<File> {
        let mut file = self.scratch()?;
        io::copy(source, &mut file).map_err(self.cannot())?;
        Ok(file)
    }

    /// The new data are complete: they wait for [`super::begin`], in the place of those that waited.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn keep(self) -> Result<()> {
        let (new, staged) = (self.new_data(), self.data.join(STAGED));
        let keep = || {
            fs::DirBuilder::new().mode(0o700).create(new.join(REPLACED))?;
            give_all_to_owner(&self.data, &new)?;
            File::open(&new)?.sync_all()?;
            remove(&staged)?;
            fs::rename(&new, &staged)?;
            File::open(&self.data)?.sync_all()
        };
        keep().map_err(self.cannot())
    }

    /// What it means that the disk refuses.
    pub fn cannot(&self) -> impl Fn(io::Error) -> QuorumError {
        cannot(&self.data)
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // What cannot be removed now, the next one removes.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn cannot(data: &Path) -> impl Fn(io::Error) -> QuorumError + use<> {
    let path = data.to_owned();
    move |error| QuorumError::Staging { path: path.clone(), cause: error.to_string() }
}

/// Of those that were killed in the midst of it.
fn remove_left_over(data: &Path) -> io::Result<()> {
    for entry in fs::read_dir(data)? {
        let entry = entry?;
        if entry.file_name().as_encoded_bytes().starts_with(PREFIX.as_bytes()) {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
