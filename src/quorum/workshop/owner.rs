use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, lchown};
use std::path::Path;

/// What root has made in a data directory becomes its owner's.
pub fn give_to_owner(data: &Path) -> io::Result<()> {
    let owner = fs::metadata(data)?;
    give_entries(data, owner.uid(), owner.gid())
}

/// The same for a whole folder in it.
pub fn give_all_to_owner(data: &Path, folder: &Path) -> io::Result<()> {
    let owner = fs::metadata(data)?;
    lchown(folder, Some(owner.uid()), Some(owner.gid()))?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            give_all_to_owner(data, &entry.path())?;
        }
    }
    give_entries(folder, owner.uid(), owner.gid())
}

fn give_entries(folder: &Path, uid: u32, gid: u32) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let (path, found) = entry.and_then(|entry| Ok((entry.path(), entry.metadata()?)))?;
        if (found.uid(), found.gid()) != (uid, gid) {
            lchown(path, Some(uid), Some(gid))?;
        }
    }
    Ok(())
}
