//! From what `-i` named to an inventory.

use crate::connection::typos;
use crate::draft::{ALL, Draft};
use crate::findings::Findings;
use crate::inventory::hosts_below;
use crate::var_files::VarFiles;
use crate::{
    ExtraVars, Inventory, InventoryErrors, Mistake, Origin, Source, SourceKind, host_list, ini,
    merge, reconcile, yaml,
};
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

/// An inventory; or its mistakes, and what there is of it where they leave its hosts and groups known.
pub type Loaded = Result<Inventory, (InventoryErrors, Option<Box<Inventory>>)>;

pub(crate) fn load(source: &str, extra: &ExtraVars) -> Loaded {
    let source = Source::of(source);
    let mut findings = Findings::default();
    let mut draft = Draft::new();
    match &source {
        Source::HostList(list) => host_list::parse(list, &mut draft, &mut findings),
        Source::File(path) => read_file(path, &mut draft, &mut findings),
    }
    let files = match source.folder() {
        Some(folder) => VarFiles::read(folder, &draft, &mut findings),
        None => VarFiles::default(),
    };
    conclude(source, draft, &files, extra, findings)
}

pub(crate) fn parse(text: &str, file: &Path, extra: &ExtraVars) -> Loaded {
    let mut findings = Findings::default();
    let mut draft = Draft::new();
    ini::parse(text, &Origin::file(&file.into()), &mut draft, &mut findings);
    conclude(Source::File(file.to_owned()), draft, &VarFiles::default(), extra, findings)
}

fn conclude(
    source: Source,
    mut draft: Draft,
    files: &VarFiles,
    extra: &ExtraVars,
    mut findings: Findings,
) -> Loaded {
    let groups = reconcile::reconcile(&mut draft, &mut findings);
    let (mut notices, errors) = match findings.conclude() {
        Ok(notices) => (notices, None),
        Err(errors) if errors.0.iter().all(|error| error.mistake.leaves_hosts_known()) => {
            (Vec::new(), Some(errors))
        }
        Err(errors) => return Err((errors, None)),
    };
    let common = merge::common(&groups, files, extra);
    let hosts = merge::hosts(draft, &groups, files, extra);
    notices.extend(typos::of(hosts.iter()));
    let order = hosts_below(|id| groups.get(id), ALL, hosts.len());
    let inventory = Inventory {
        source,
        hosts: hosts.into_iter().map(|host| (host.name.clone(), host)).collect(),
        groups: groups.into_iter().map(|group| (group.name.clone(), group)).collect(),
        order,
        common,
        notices,
    };
    match errors {
        None => Ok(inventory),
        Some(errors) => Err((errors, Some(Box::new(inventory)))),
    }
}

fn read_file(path: &Path, draft: &mut Draft, findings: &mut Findings) {
    let file: Arc<Path> = path.into();
    let origin = Origin::file(&file);
    if path.is_dir() {
        return findings.mistake(origin, Mistake::Unsupported(SourceKind::Directory));
    }
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == ErrorKind::NotFound => {
            return findings.mistake(origin, Mistake::Missing);
        }
        Err(e) => return findings.mistake(origin, Mistake::Read(e)),
    };
    if let Some(kind) = unsupported(path, &bytes) {
        return findings.mistake(origin, Mistake::Unsupported(kind));
    }
    match ini::decode(&bytes) {
        Ok(text) => ini::parse(&text, &origin, draft, findings),
        Err(line) => findings.mistake(origin.at(line, None), Mistake::NotUtf8),
    }
}

/// What Ansible would not read as INI.
fn unsupported(path: &Path, bytes: &[u8]) -> Option<SourceKind> {
    if bytes.starts_with(b"#!") || bytes.starts_with(b"\x7fELF") {
        return Some(SourceKind::Script);
    }
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("yml" | "yaml" | "json") => Some(SourceKind::Yaml),
        Some("toml") => Some(SourceKind::Toml),
        Some(_) => None,
        // Ansible tries a file without an extension as YAML first.
        None => {
            let text = std::str::from_utf8(bytes).ok()?;
            yaml::is_mapping(text).then_some(SourceKind::Yaml)
        }
    }
}
