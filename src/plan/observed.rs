use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// What a path is, links not followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    File,
    Directory,
    Link,
    /// A device, socket or pipe.
    Other,
}

/// One path as it is on the host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathState {
    pub kind: Kind,
    /// The name, or the number where there is none.
    pub user: String,
    pub group: String,
    /// Permission bits only.
    pub mode: u32,
    /// Of a file's content; `None` where it was not asked for or could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Of a link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<PathBuf>,
    /// The content, for diffs and certificates: at most 64 KiB of UTF-8, never a secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// One unit as systemd sees it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct UnitState {
    pub enabled: bool,
    /// systemd's word: `active`, `activating`, `inactive`, `failed`, …
    pub active: String,
    /// systemd knows a unit file for it.
    #[serde(default)]
    pub loaded: bool,
    /// Its file changed since systemd read it.
    #[serde(default)]
    pub needs_reload: bool,
    /// The fingerprint of the inputs that it was last started with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_inputs: Option<String>,
}

impl UnitState {
    /// Running, or on the way there.
    pub fn is_up(&self) -> bool {
        matches!(self.active.as_str(), "active" | "activating" | "reloading")
    }
}

/// What was asked for with an [`crate::Interest`], as it is on the host. What is missing there is
/// missing here.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Observed {
    pub paths: BTreeMap<PathBuf, PathState>,
    pub users: BTreeSet<String>,
    pub units: BTreeMap<String, UnitState>,
    /// Public certificates (PEM), by path.
    pub certificates: BTreeMap<PathBuf, String>,
    /// The cluster's name in `/etc/mesoform/cluster`.
    pub identity: Option<String>,
    #[serde(default)]
    pub versions: Versions,
}

/// The versions of the binary on a host, and who uses them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Versions {
    /// When each was brought, in seconds since 1970, by its folder's name.
    pub there: BTreeMap<String, i64>,
    /// Where the services' links lead.
    pub links: BTreeMap<PathBuf, PathBuf>,
    /// Those that a process runs.
    pub running: BTreeSet<String>,
}

impl Versions {
    /// Whether a folder is named as the versions' are.
    pub fn is_name(name: &str) -> bool {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        !name.is_empty() && !name.starts_with('.') && name.chars().all(plain)
    }
}
