//! What an inventory says about reaching a host.

use std::path::PathBuf;
use std::time::Duration;

use crate::secret::Secret;
use crate::target::{HostKeyChecking, Kind};

/// What is wished for; what it leaves open is decided by OpenSSH's configuration.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// The inventory's name for the host.
    pub name: String,
    pub kind: Option<Kind>,
    /// `ansible_host`; default: the name.
    pub address: Option<String>,
    pub port: Option<u16>,
    pub user: Option<String>,
    pub password: Option<Secret>,
    /// `~/` is the home folder.
    pub key: Option<PathBuf>,
    /// Options for `ssh`, word by word (`ansible_ssh_common_args` and its kin).
    pub ssh_arguments: Vec<String>,
    pub host_key_checking: Option<HostKeyChecking>,
    pub timeout: Option<Duration>,
    /// None: become root where the user is not.
    pub elevate: Option<bool>,
    pub elevate_password: Option<Secret>,
    /// In place of `sudo`.
    pub elevate_exe: Option<String>,
}
