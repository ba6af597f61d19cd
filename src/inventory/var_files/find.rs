use crate::{InventoryError, InventoryErrors, Mistake, Origin};
use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

/// Folders within `group_vars/NAME/` may nest this deep.
const DEEPEST: usize = 32;

const EXTENSIONS: [&str; 3] = ["yml", "yaml", "json"];

/// What a folder of variable files holds, read once for all names.
pub(super) struct Listing {
    folder: PathBuf,
    names: HashSet<String>,
}

impl Listing {
    /// None where there is no such folder.
    pub fn of(folder: &Path) -> io::Result<Option<Self>> {
        if !folder.is_dir() {
            return Ok(None);
        }
        let mut names = HashSet::new();
        for entry in std::fs::read_dir(folder)? {
            names.extend(entry?.file_name().into_string());
        }
        Ok(Some(Self { folder: folder.to_owned(), names }))
    }

    /// The files for a name. Only the first hit counts: `NAME` (a folder or a file), then `.yml`,
    /// `.yaml`, `.json`.
    pub fn files_of(&self, name: &str) -> Result<Vec<PathBuf>, InventoryErrors> {
        let with_extension = EXTENSIONS.iter().map(|extension| format!("{name}.{extension}"));
        for candidate in std::iter::once(name.to_owned()).chain(with_extension) {
            let path = self.folder.join(&candidate);
            if !self.names.contains(&candidate) || !path.exists() {
                continue;
            }
            if !path.is_dir() {
                return Ok(vec![path]);
            }
            let mut files = Vec::new();
            if candidate == name {
                collect(&path, &mut files, 0)?;
            }
            return Ok(files);
        }
        Ok(Vec::new())
    }
}

/// All variable files below a folder, sorted, without hidden ones and back-ups.
fn collect(folder: &Path, files: &mut Vec<PathBuf>, depth: usize) -> Result<(), InventoryErrors> {
    let failed = |mistake| -> InventoryErrors {
        InventoryError { origin: Origin::file(&folder.into()), mistake }.into()
    };
    if depth == DEEPEST {
        return Err(failed(Mistake::Nesting { limit: DEEPEST }));
    }
    let entries = std::fs::read_dir(folder).map_err(|e| failed(Mistake::Read(e)))?;
    let mut names: Vec<String> =
        entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    for name in names {
        if name.starts_with('.') || name.ends_with('~') {
            continue;
        }
        let path = folder.join(&name);
        let extension = Path::new(&name).extension().and_then(|extension| extension.to_str());
        if path.is_dir() {
            if extension.is_none() {
                collect(&path, files, depth + 1)?;
            }
        } else if path.is_file() && extension.is_none_or(|e| EXTENSIONS.contains(&e)) {
            files.push(path);
        }
    }
    Ok(())
}
