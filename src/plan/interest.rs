use crate::{Plan, Step, sha256_hex, unit_file};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// How closely a path is looked at; each kind includes the ones before it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "look", rename_all = "kebab-case")]
pub enum Look {
    /// What it is, whose, and where a link points.
    Stat,
    /// The content's hash.
    Hash,
    /// The content where its hash is not `wanted`: for diffs.
    Text { wanted: String },
    /// The content: a public certificate.
    Certificate,
}

/// What must be known about a host to judge a plan.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Interest {
    pub paths: BTreeMap<PathBuf, Look>,
    pub users: BTreeSet<String>,
    pub units: BTreeSet<String>,
    /// Host names that must resolve there.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub names: BTreeSet<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub versions: Option<VersionsAt>,
}

/// Where versions of the binary lie, and the links to them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionsAt {
    pub dir: PathBuf,
    pub links: PathBuf,
}

/// What must be known about a host to judge `plan`.
pub fn interest(plan: &Plan) -> Interest {
    let mut interest = Interest::default();
    for step in &plan.steps {
        interest.add(step);
    }
    interest
}

impl Interest {
    /// Asks for `path`; the closer look wins.
    pub fn look(&mut self, path: &Path, look: Look) {
        let known = self.paths.entry(path.to_owned()).or_insert(Look::Stat);
        if look > *known {
            *known = look;
        }
    }

    fn add(&mut self, step: &Step) {
        match step {
            Step::User { name, .. } | Step::UserAbsent { name } => {
                self.users.insert(name.clone());
            }
            Step::Directory { path, .. } | Step::Link { path, .. } | Step::Absent { path, .. } => {
                self.look(path, Look::Stat);
            }
            Step::File { path, content, .. } => {
                self.look(path, Look::Text { wanted: sha256_hex(content) });
            }
            Step::Binary { path, .. } | Step::Credential { path, .. } => {
                self.look(path, Look::Hash);
            }
            Step::Certificate { dir, role, .. } => self.add_certificate(dir, role),
            Step::Versions { dir, links, .. } => {
                self.versions = Some(VersionsAt { dir: dir.clone(), links: links.clone() });
            }
            Step::Unit { name, inputs, .. } => {
                self.units.insert(name.clone());
                inputs.iter().for_each(|path| self.look(path, Look::Hash));
            }
            Step::UnitAbsent { name } => {
                self.units.insert(name.clone());
                self.look(&unit_file(name), Look::Stat);
            }
        }
    }

    fn add_certificate(&mut self, dir: &Path, role: &str) {
        let [key, certificate, unfinished] = Step::certificate_paths(dir, role);
        self.look(&key, Look::Stat);
        self.look(&certificate, Look::Certificate);
        self.look(&unfinished, Look::Stat);
    }
}
