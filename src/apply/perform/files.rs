use crate::accounts::Accounts;
use crate::{ApplyError, Host, Result};
use mesoform_plan::{Kind, Ownership, Versions, sha256_hex};
use std::path::Path;

/// Where systemd reads unit files.
const UNIT_FOLDERS: [&str; 3] =
    ["/etc/systemd/system", "/run/systemd/system", "/usr/lib/systemd/system"];

pub fn directory(host: &mut Host, path: &Path, wanted: &Ownership) -> Result<()> {
    let owner = Accounts::read(&host.tree)?.owner(wanted)?;
    host.tree.folder(path, wanted.mode, owner)
}

/// Content that is right already stays: then only mode and owner change.
pub fn write(host: &mut Host, path: &Path, wanted: &Ownership, content: &str) -> Result<()> {
    let owner = Accounts::read(&host.tree)?.owner(wanted)?;
    if hash(host, path)?.is_some_and(|hash| hash == sha256_hex(content)) {
        return host.tree.own(path, wanted.mode, owner);
    }
    note_unit_file(host, path);
    host.tree.write(path, content.as_bytes(), wanted.mode, owner)
}

pub fn link(host: &mut Host, path: &Path, target: &Path) -> Result<()> {
    note_unit_file(host, path);
    host.tree.link(path, target)
}

pub fn remove(host: &mut Host, path: &Path, recursive: bool) -> Result<()> {
    note_unit_file(host, path);
    host.tree.remove(path, recursive)
}

/// A folder of `dir`, and nothing else, whatever the change says.
pub fn remove_version(host: &mut Host, dir: &Path, path: &Path) -> Result<()> {
    let name = path.file_name().and_then(|name| name.to_str());
    match (path.parent(), name) {
        (Some(parent), Some(name)) if parent == dir && Versions::is_name(name) => {
            host.tree.remove(path, true)
        }
        _ => Ok(()),
    }
}

/// The binary was carried beside the plan: it must be there, whole.
pub fn binary(host: &mut Host, path: &Path, sha256: &str) -> Result<()> {
    let found = hash(host, path)?;
    if found.as_deref() != Some(sha256) {
        return Err(ApplyError::NotCarried { path: path.to_owned(), found });
    }
    let wanted = Ownership::root(0o755);
    let owner = Accounts::read(&host.tree)?.owner(&wanted)?;
    host.tree.own(path, wanted.mode, owner)
}

fn hash(host: &Host, path: &Path) -> Result<Option<String>> {
    let is_file = host.tree.entry(path)?.is_some_and(|entry| entry.kind == Kind::File);
    // What cannot be read is written anew.
    Ok(if is_file { host.tree.sha256(path).ok() } else { None })
}

fn note_unit_file(host: &mut Host, path: &Path) {
    host.stale |= UNIT_FOLDERS.iter().any(|folder| path.starts_with(folder));
}
