use super::{Kind, Look, Seen};
use crate::{CloudInitError, Result};
use mesoform_apply::{Owner, Tree};
use std::path::{Path, PathBuf};

/// More links than this after each other lead nowhere.
const LINKS: usize = 16;

/// Makes the folders that miss on the way to `path`: root's, with the mode that folders have.
pub fn make(tree: &Tree, path: &Path) -> Result<()> {
    let missing: Vec<&Path> =
        path.ancestors().skip(1).take_while(|folder| !folder.exists()).collect();
    for folder in missing.into_iter().rev() {
        tree.folder(folder, 0o755, Owner { uid: Some(0), gid: Some(0) })?;
    }
    Ok(())
}

/// Where a file lies that is reached by `path`: a link that is root's is followed, so that a link stays
/// one; what others could have put there is neither read nor written through.
pub fn behind_links(look: &dyn Look, path: &Path) -> Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..LINKS {
        for folder in path.ancestors().skip(1) {
            target(look, folder)?;
        }
        match target(look, &path)? {
            None => return Ok(path),
            Some(to) => path = normal(&path.parent().unwrap_or(Path::new("/")).join(to)),
        }
    }
    Err(CloudInitError::host(path.display().to_string(), "its links go in circles", "remove them"))
}

/// Where a link leads, if it is one.
fn target(look: &dyn Look, path: &Path) -> Result<Option<PathBuf>> {
    let Some(Seen { kind: Kind::Link(target), uid, .. }) = look.entry(path)? else {
        return Ok(None);
    };
    if uid == 0 {
        return Ok(Some(target));
    }
    let cause = "it is a link that is not root's";
    let cure = "remove the link, or give it to root";
    Err(CloudInitError::host(path.display().to_string(), cause, cure))
}

/// Without `.` and `..`, as Python's `os.path.abspath`.
pub fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::from("/");
    for part in path.components() {
        match part {
            std::path::Component::Normal(name) => normal.push(name),
            std::path::Component::ParentDir => drop(normal.pop()),
            _ => {}
        }
    }
    normal
}
