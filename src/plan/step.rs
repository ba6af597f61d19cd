use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::path::PathBuf;

/// Whose a file or folder is, and who may do what with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ownership {
    /// A name; empty: whoever carries the plan out, and never compared.
    pub user: String,
    /// As `user`.
    pub group: String,
    /// Permission bits, at most `0o7777`.
    pub mode: u32,
}

impl Ownership {
    pub fn new(user: impl Into<String>, group: impl Into<String>, mode: u32) -> Self {
        Self { user: user.into(), group: group.into(), mode }
    }

    pub fn root(mode: u32) -> Self {
        Self::new("root", "root", mode)
    }

    /// Whoever carries the plan out: for what an ordinary user does on his own machine.
    pub fn mine(mode: u32) -> Self {
        Self::new("", "", mode)
    }
}

/// One thing that should be true on a host. Paths are absolute and without `..`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Step {
    /// A system user and a group of the same name, without login.
    User { name: String, home: PathBuf },
    /// A folder; its parent must be there.
    Directory { path: PathBuf, ownership: Ownership },
    /// A file whose content may be shown.
    File { path: PathBuf, ownership: Ownership, content: String },
    /// A symbolic link, swapped atomically.
    Link { path: PathBuf, target: PathBuf },
    /// An executable (0755, root) that is carried beside the plan; the host verifies it.
    Binary { path: PathBuf, sha256: String, size: u64 },
    /// `<dir>/<role>.key` (0600, made on the host) and `<dir>/<role>.crt` (0644, signed by the
    /// operator). A `File` step for `<dir>/ca.crt` must stand in the same plan.
    Certificate {
        dir: PathBuf,
        role: String,
        /// The user whose key it is; empty: whoever carries the plan out.
        owner: String,
        host: String,
        dns: Vec<String>,
        ips: Vec<IpAddr>,
        /// SHA-256 of the CA certificate's DER, hexadecimal.
        ca_fingerprint: String,
        /// A certificate that ends within this many seconds is made anew.
        renew_before_s: u64,
    },
    /// A secret file. Its content comes out of band under `name` and is never shown.
    Credential { path: PathBuf, ownership: Ownership, name: String, sha256: String },
    /// A systemd unit; its file is a `File` step. An enabled unit should also run, started with
    /// `inputs` as they are: files and links that make it restart when they change.
    Unit { name: String, enabled: bool, inputs: Vec<PathBuf> },
    /// Neither running, nor enabled, nor there (`/etc/systemd/system/<name>`).
    UnitAbsent { name: String },
    /// Nothing at this path. A folder that is not empty needs `recursive`.
    Absent { path: PathBuf, recursive: bool },
    /// Neither the user nor the group of that name.
    UserAbsent { name: String },
    /// Of the versions in `dir`, each a folder, only those that a link in `links` leads to, those
    /// that a process runs, and the `spare` newest others.
    Versions { dir: PathBuf, links: PathBuf, spare: usize },
}

impl Step {
    /// The paths of a certificate step: key, certificate, and the mark of an unfinished renewal.
    pub fn certificate_paths(dir: &std::path::Path, role: &str) -> [PathBuf; 3] {
        ["key", "crt", "crt.new"].map(|ending| dir.join(format!("{role}.{ending}")))
    }
}
