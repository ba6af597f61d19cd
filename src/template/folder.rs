//! Templates of the operator's own, each in the place of an embedded one.

use crate::TemplateError;
use crate::embedded::names;
use std::fs;
use std::path::{Path, PathBuf};

/// A template's name, its file and its source.
pub(crate) struct Own {
    pub name: String,
    pub path: PathBuf,
    pub source: String,
}

/// The templates in `folder`, which is laid out as `templates/` is; hidden files are nobody's.
pub(crate) fn read(folder: &Path) -> Result<Vec<Own>, TemplateError> {
    let mut all = Vec::new();
    for entry in entries(folder)? {
        if !entry.is_dir() {
            all.push(own(folder, &entry)?);
            continue;
        }
        for path in entries(&entry)? {
            all.push(own(folder, &path)?);
        }
    }
    Ok(all)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, TemplateError> {
    let unreadable = |e: std::io::Error| TemplateError::of_file(folder, e.to_string());
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        if !entry.file_name().to_string_lossy().starts_with('.') {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}

fn own(folder: &Path, path: &Path) -> Result<Own, TemplateError> {
    let name = path.strip_prefix(folder).unwrap_or(path).display().to_string();
    if !names().any(|known| known == name) {
        let known: Vec<&str> = names().collect();
        let cause = format!("there is no template {name}; there are {}", known.join(", "));
        return Err(TemplateError::of_file(path, cause));
    }
    let source =
        fs::read_to_string(path).map_err(|e| TemplateError::of_file(path, e.to_string()))?;
    Ok(Own { name, path: path.to_owned(), source })
}
