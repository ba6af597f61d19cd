//! A plan as a tree of files, for an image, a package, or another tool that brings files to hosts.

use crate::{Boot, Link};
use mesoform_plan::{Ownership, place};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Who the users are, and who owns which folder, for systemd-sysusers and systemd-tmpfiles: a tree in
/// anybody's hands cannot have owners.
const SYSUSERS: &str = "/etc/sysusers.d/mesoform.conf";
const TMPFILES: &str = "/etc/tmpfiles.d/mesoform.conf";

/// What lies in a tree, by its path on the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree(pub Vec<(PathBuf, Entry)>);

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    File { ownership: Ownership, content: String },
    Link { target: PathBuf },
}

/// Files, links and what enables units; users and folders as systemd makes them at boot.
pub fn tree(boot: &Boot) -> Tree {
    let mut entries: Vec<(PathBuf, Entry)> = Vec::new();
    let mut file = |path: PathBuf, ownership: Ownership, content: String| {
        entries.push((path, Entry::File { ownership, content }));
    };
    if let Some(hostname) = &boot.hostname {
        file("/etc/hostname".into(), Ownership::root(0o644), format!("{hostname}\n"));
    }
    if !boot.users.is_empty() {
        file(SYSUSERS.into(), Ownership::root(0o644), sysusers(boot));
    }
    file(TMPFILES.into(), Ownership::root(0o644), tmpfiles(boot));
    for source in &boot.files {
        file(source.path.clone(), source.ownership.clone(), source.content.clone());
    }
    let links = boot.links.iter().cloned().chain(boot.enabled().flat_map(|unit| wants(boot, unit)));
    entries.extend(links.map(|link| (link.path, Entry::Link { target: link.target })));
    Tree(entries)
}

fn sysusers(boot: &Boot) -> String {
    let mut text = heading(boot);
    for user in &boot.users {
        let _ = writeln!(text, "u {} - \"mesoform\" {}", user.name, user.home.display());
    }
    text
}

/// Folders, and the owners of files that are not root's.
fn tmpfiles(boot: &Boot) -> String {
    let mut text = heading(boot);
    let name = |name: &str| if name.is_empty() { "root".to_owned() } else { name.to_owned() };
    for directory in &boot.directories {
        let Ownership { user, group, mode } = &directory.ownership;
        let (path, user, group) = (word(&directory.path), name(user), name(group));
        let _ = writeln!(text, "d {path} {mode:04o} {user} {group}");
    }
    for file in &boot.files {
        let Ownership { user, group, mode } = &file.ownership;
        let (path, user, group) = (word(&file.path), name(user), name(group));
        let _ = writeln!(text, "z {path} {mode:04o} {user} {group}");
    }
    text
}

fn heading(boot: &Boot) -> String {
    format!("# {} of the cluster {}, rendered by mesoform.\n", boot.host, boot.cluster)
}

/// A path as systemd-tmpfiles reads it.
fn word(path: &Path) -> String {
    let path = path.display().to_string().replace('%', "%%");
    let plain = |c: char| !c.is_whitespace() && !matches!(c, '"' | '\'' | '\\');
    if path.chars().all(plain) {
        return path;
    }
    format!("\"{}\"", path.replace('\\', "\\\\").replace('"', "\\\""))
}

/// What `systemctl enable` would link, by the unit's own word.
fn wants(boot: &Boot, unit: &str) -> Vec<Link> {
    let file = Path::new(place::SYSTEMD_UNITS).join(unit);
    let Some(source) = boot.files.iter().find(|source| source.path == file) else {
        return Vec::new();
    };
    let named = |key: &str, folder: &str| {
        let settings = source.content.lines().filter_map(|line| line.split_once('='));
        let values = settings.filter(|(name, _)| name.trim() == key).map(|(_, value)| value);
        let targets = values.flat_map(str::split_whitespace);
        let link = |target: &str| Link {
            path: Path::new(place::SYSTEMD_UNITS).join(format!("{target}.{folder}")).join(unit),
            target: file.clone(),
        };
        targets.map(link).collect::<Vec<_>>()
    };
    [named("WantedBy", "wants"), named("RequiredBy", "requires")].concat()
}
