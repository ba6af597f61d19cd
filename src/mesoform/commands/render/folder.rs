//! A host's tree in a folder. What was rendered there before goes, and nothing else: which files those are
//! stands in a list beside the tree, since the tree alone may have been copied to where more lies.

use anyhow::{Context as _, bail};
use mesoform_render::{Entry, Tree};
use std::fs;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _, symlink};
use std::path::{Component, Path, PathBuf};

/// Writes `tree` to `folder/host`, in the place of what was rendered there before.
///
/// # Errors
/// Something else is there, or it cannot be written.
pub fn keep(folder: &Path, host: &str, tree: &Tree) -> anyhow::Result<()> {
    let root = folder.join(host);
    let list = folder.join(format!(".{host}.rendered"));
    let entries: Vec<(PathBuf, &Entry)> =
        tree.0.iter().map(|(path, entry)| (relative(path), entry)).collect();
    let before = read(&list)?;
    match fs::symlink_metadata(&root) {
        Err(e) if e.kind() == ErrorKind::NotFound => {}
        Err(e) => return Err(e).with_context(|| format!("{} cannot be read", root.display())),
        Ok(there) if before.is_some() && there.is_dir() => {}
        Ok(_) => bail!("{} is there and was not rendered: name another folder", root.display()),
    }
    for path in before.iter().flatten() {
        remove(&root, path).with_context(|| format!("{} cannot be removed", path.display()))?;
    }
    for (path, _) in &entries {
        let place = root.join(path);
        if leads_away(&root, path) || fs::symlink_metadata(&place).is_ok() {
            bail!("{} is there and was not rendered: name another folder", place.display());
        }
    }
    // First: what was written before an error is known the next time.
    let lines: String = entries.iter().map(|(path, _)| format!("{}\n", path.display())).collect();
    fs::write(&list, lines).with_context(|| format!("{} cannot be written", list.display()))?;
    for (path, entry) in &entries {
        let place = root.join(path);
        plant(&place, entry).with_context(|| format!("{} cannot be written", place.display()))?;
    }
    Ok(())
}

/// A path of the host's without what leads above its root.
fn relative(path: &Path) -> PathBuf {
    let plain = path.components().filter(|part| matches!(part, Component::Normal(_)));
    plain.collect()
}

/// What was rendered before; none where nothing was.
fn read(list: &Path) -> anyhow::Result<Option<Vec<PathBuf>>> {
    match fs::read_to_string(list) {
        Ok(text) => Ok(Some(text.lines().map(|line| relative(Path::new(line))).collect())),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        Err(e) => Err(e).with_context(|| format!("{} cannot be read", list.display())),
    }
}

/// The folders from `root` to `path`, the deepest first.
fn folders<'p>(root: &'p Path, path: &'p Path) -> impl Iterator<Item = PathBuf> + 'p {
    let above = path.ancestors().skip(1).filter(|path| !path.as_os_str().is_empty());
    above.map(|path| root.join(path))
}

/// Whether a link on the way, or a file, takes the place of a folder.
fn leads_away(root: &Path, path: &Path) -> bool {
    folders(root, path).any(|folder| fs::symlink_metadata(folder).is_ok_and(|it| !it.is_dir()))
}

/// Takes a file or link away, and the folders that it leaves empty.
fn remove(root: &Path, path: &Path) -> std::io::Result<()> {
    if path.as_os_str().is_empty() || leads_away(root, path) {
        return Ok(());
    }
    let place = root.join(path);
    match fs::symlink_metadata(&place) {
        Ok(there) if !there.is_dir() => fs::remove_file(&place)?,
        Ok(_) => return Ok(()),
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(e),
    }
    // The first that is not empty keeps all above it.
    let _ = folders(root, path).try_for_each(fs::remove_dir);
    Ok(())
}

fn plant(place: &Path, entry: &Entry) -> std::io::Result<()> {
    if let Some(folder) = place.parent() {
        fs::create_dir_all(folder)?;
    }
    match entry {
        Entry::Link { target } => symlink(target, place),
        Entry::File { ownership, content } => {
            // Nobody else reads a token in between.
            let mut new = fs::OpenOptions::new();
            let mut file = new.write(true).create_new(true).mode(0o600).open(place)?;
            file.write_all(content.as_bytes())?;
            file.set_permissions(fs::Permissions::from_mode(ownership.mode))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]

    use super::*;
    use mesoform_plan::Ownership;

    const TMPFILES: &str = "/etc/tmpfiles.d/mesoform.conf";

    fn tree(paths: &[&str]) -> Tree {
        let file = |path: &&str| {
            let content = format!("{path}\n");
            (PathBuf::from(path), Entry::File { ownership: Ownership::root(0o644), content })
        };
        let mut entries: Vec<_> = paths.iter().map(file).collect();
        entries.push(("/opt/bin/x".into(), Entry::Link { target: "/opt/x".into() }));
        Tree(entries)
    }

    fn put(path: &Path) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "mine").unwrap();
    }

    fn told(result: anyhow::Result<()>) -> String {
        result.unwrap_err().to_string()
    }

    /// A disk to which a tree was copied has all that a tree has, and more.
    #[test]
    fn a_real_root_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("h1");
        put(&root.join(relative(Path::new(TMPFILES))));
        put(&root.join("etc/passwd"));
        let told = told(keep(folder.path(), "h1", &tree(&[TMPFILES])));
        assert!(told.contains("h1 is there and was not rendered"), "{told}");
        assert_eq!(fs::read_to_string(root.join("etc/passwd")).unwrap(), "mine");
        assert_eq!(fs::read_to_string(root.join(&TMPFILES[1..])).unwrap(), "mine");
    }

    #[test]
    fn what_was_rendered_goes_and_what_others_put_there_stays() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("h1");
        keep(folder.path(), "h1", &tree(&[TMPFILES, "/etc/a/b/old", "/etc/old"])).unwrap();
        put(&root.join("etc/a/mine"));
        keep(folder.path(), "h1", &tree(&[TMPFILES, "/etc/new"])).unwrap();
        assert!(!root.join("etc/old").exists() && !root.join("etc/a/b").exists());
        assert!(root.join("etc/a/mine").exists() && root.join("etc/new").exists());
        assert_eq!(fs::read_link(root.join("opt/bin/x")).unwrap(), Path::new("/opt/x"));
        // Somebody's own file is in the way: it is not ours to write over, nor to take away next time.
        put(&root.join("etc/old"));
        let told = told(keep(folder.path(), "h1", &tree(&[TMPFILES, "/etc/old"])));
        assert!(told.contains("etc/old is there and was not rendered"), "{told}");
        keep(folder.path(), "h1", &tree(&[TMPFILES])).unwrap();
        assert_eq!(fs::read_to_string(root.join("etc/old")).unwrap(), "mine");
    }

    #[test]
    fn nothing_goes_or_comes_through_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (root, other) = (folder.path().join("h1"), folder.path().join("other"));
        keep(folder.path(), "h1", &tree(&["/etc/a", "/etc/b"])).unwrap();
        fs::rename(root.join("etc"), &other).unwrap();
        symlink(&other, root.join("etc")).unwrap();
        let told = told(keep(folder.path(), "h1", &tree(&["/etc/c"])));
        assert!(told.contains("was not rendered"), "{told}");
        assert!(other.join("a").exists() && other.join("b").exists() && !other.join("c").exists());
        // Neither by what is written in the list.
        fs::write(folder.path().join(".h2.rendered"), "../other/a\n/\n\n").unwrap();
        keep(folder.path(), "h2", &tree(&["/etc/a"])).unwrap();
        keep(folder.path(), "h2", &tree(&["/etc/a"])).unwrap();
        assert!(other.join("a").exists());
    }
}
