//! The folders `group_vars` and `host_vars` beside the inventory.

mod find;

use crate::draft::Draft;
use crate::findings::Findings;
use crate::{Mistake, Origin, Vars, yaml};
use find::Listing;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

/// The variables from files, by the name of their group or host.
#[derive(Default)]
pub(crate) struct VarFiles {
    groups: HashMap<String, Vars>,
    hosts: HashMap<String, Vars>,
}

impl VarFiles {
    /// Reads the files of the groups and hosts that the inventory names.
    pub fn read(folder: &Path, draft: &Draft, findings: &mut Findings) -> Self {
        let groups = draft.groups.keys().map(String::as_str);
        let hosts = draft.hosts.keys().map(String::as_str);
        Self {
            groups: read_all(&folder.join("group_vars"), groups, findings),
            hosts: read_all(&folder.join("host_vars"), hosts, findings),
        }
    }

    pub fn of_group(&self, name: &str) -> Option<&Vars> {
        self.groups.get(name)
    }

    pub fn of_host(&self, name: &str) -> Option<&Vars> {
        self.hosts.get(name)
    }
}

fn read_all<'a>(
    folder: &Path,
    names: impl Iterator<Item = &'a str>,
    findings: &mut Findings,
) -> HashMap<String, Vars> {
    let listing = match Listing::of(folder) {
        Ok(Some(listing)) => listing,
        Ok(None) => return HashMap::new(),
        Err(e) => {
            findings.mistake(Origin::file(&folder.into()), Mistake::Read(e));
            return HashMap::new();
        }
    };
    let mut found = HashMap::new();
    for name in names {
        let files = match listing.files_of(name) {
            Ok(files) => files,
            Err(errors) => {
                errors.into_iter().for_each(|e| findings.mistake(e.origin, e.mistake));
                continue;
            }
        };
        let mut vars = Vars::new();
        for file in &files {
            vars.extend(read_file(file, findings));
        }
        if !vars.is_empty() {
            found.insert(name.to_owned(), vars);
        }
    }
    found
}

/// Reads one file of variables, as `-e @file` also does.
pub(crate) fn read_file(path: &Path, findings: &mut Findings) -> Vars {
    let file: Arc<Path> = path.into();
    let origin = Origin::file(&file);
    match std::fs::read(path).map(String::from_utf8) {
        Ok(Ok(text)) => return yaml::variables(&text, &origin, findings),
        Ok(Err(_)) => findings.mistake(origin, Mistake::NotUtf8),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            findings.mistake(origin, Mistake::NoVarFile);
        }
        Err(e) => findings.mistake(origin, Mistake::Read(e)),
    }
    Vars::new()
}
