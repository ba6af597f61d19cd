//! From an inventory's wishes and OpenSSH's configuration to a target.

mod jump;

use std::path::{Path, PathBuf};
use std::time::Duration;

use futures::future::BoxFuture;

use crate::elevate::Elevate;
use crate::ssh_config::{self, SshConfig};
use crate::target::{HostKeyChecking, Kind, Target};
use crate::wanted::Wanted;
use crate::{Result, TransportError};

/// For each step of connecting, where nobody said otherwise (Ansible's default).
const TIMEOUT: Duration = Duration::from_secs(10);

impl Wanted {
    /// Completes the wishes with what OpenSSH would do for the host; the wishes win.
    ///
    /// # Errors
    /// OpenSSH's configuration cannot be read, or hosts jump through each other.
    pub async fn resolve(self) -> Result<Target> {
        resolve(self, 0).await
    }

    /// What is wrong with the key file that was asked for, before any host is contacted.
    pub fn key_trouble(&self) -> Option<TransportError> {
        crate::auth::trouble(&self.name, &home(self.key.as_ref()?))
    }
}

fn resolve(wanted: Wanted, depth: usize) -> BoxFuture<'static, Result<Target>> {
    Box::pin(async move {
        if wanted.kind == Some(Kind::Local) {
            return Ok(local(&wanted));
        }
        let alias = wanted.address.clone().unwrap_or_else(|| wanted.name.clone());
        let config = match SshConfig::query(&alias, &wanted.ssh_arguments).await? {
            Some(config) => config,
            None => defaults(),
        };
        let mut target = merge(&wanted, &alias, &config);
        target.via = match &config.proxy_jump {
            Some(jump) => jump::hops(&wanted, jump, depth).await?,
            None => Vec::new(),
        };
        Ok(target)
    })
}

fn local(wanted: &Wanted) -> Target {
    let mut target = Target::local(&wanted.name);
    target.user = std::env::var("USER").unwrap_or_default();
    target.elevate = elevate(wanted, is_root());
    target
}

fn is_root() -> bool {
    std::os::unix::fs::MetadataExt::uid(&match std::fs::metadata("/proc/self") {
        Ok(metadata) => metadata,
        Err(_) => return false,
    }) == 0
}

/// What OpenSSH would use without any configuration.
fn defaults() -> SshConfig {
    let home = std::env::home_dir().unwrap_or_default();
    let ssh = |file: &str| home.join(".ssh").join(file);
    SshConfig {
        identity_files: ["id_ed25519", "id_ecdsa", "id_rsa"].map(ssh).to_vec(),
        known_hosts: vec![ssh("known_hosts"), PathBuf::from("/etc/ssh/ssh_known_hosts")],
        ..SshConfig::default()
    }
}

fn merge(wanted: &Wanted, alias: &str, config: &SshConfig) -> Target {
    let user = wanted.user.clone().or_else(|| config.user.clone());
    let user = user.unwrap_or_else(|| std::env::var("USER").unwrap_or_else(|_| "root".to_owned()));
    let address = config.host_name.clone().unwrap_or_else(|| alias.to_owned());
    let port = wanted.port.or(config.port).unwrap_or(22);
    Target {
        password: wanted.password.clone(),
        keys: wanted.key.iter().map(|key| home(key)).collect(),
        default_keys: config.identity_files.iter().map(|file| tokens(file, &user)).collect(),
        identities_only: config.identities_only,
        identity_agent: config.identity_agent.clone(),
        host_key_checking: host_key_checking(wanted, config),
        known_hosts: config.known_hosts.clone(),
        host_key_alias: config.host_key_alias.clone(),
        hash_known_hosts: config.hash_known_hosts,
        proxy_command: config
            .proxy_command
            .as_ref()
            .map(|command| proxy_command(command, &address, port, &user, alias)),
        timeout: wanted.timeout.or(config.connect_timeout).unwrap_or(TIMEOUT),
        elevate: elevate(wanted, user == "root"),
        ..Target::ssh(&wanted.name, &address, port, &user)
    }
}

fn home(key: &Path) -> PathBuf {
    ssh_config::expand(&key.to_string_lossy(), &std::env::home_dir().unwrap_or_default())
}

/// `ssh -G` leaves `%d` and `%u` in file names; anything else in them names no file of ours.
fn tokens(file: &Path, user: &str) -> PathBuf {
    let home = std::env::home_dir().unwrap_or_default();
    let text = file.to_string_lossy();
    PathBuf::from(text.replace("%d", &home.to_string_lossy()).replace("%r", user))
}

fn proxy_command(command: &str, address: &str, port: u16, user: &str, alias: &str) -> String {
    let mut expanded = String::with_capacity(command.len());
    let mut letters = command.chars();
    while let Some(letter) = letters.next() {
        match (letter, if letter == '%' { letters.next() } else { None }) {
            ('%', Some('h')) => expanded.push_str(address),
            ('%', Some('p')) => expanded.push_str(&port.to_string()),
            ('%', Some('r')) => expanded.push_str(user),
            ('%', Some('n')) => expanded.push_str(alias),
            ('%', Some(other)) => expanded.push(other),
            (plain, _) => expanded.push(plain),
        }
    }
    expanded
}

/// The inventory's word first. A `no` in ssh_config is taken as `accept-new`: only the inventory or
/// Ansible's environment variable, or ssh options in the inventory, turn the check off.
fn host_key_checking(wanted: &Wanted, config: &SshConfig) -> HostKeyChecking {
    let environment = || std::env::var("ANSIBLE_HOST_KEY_CHECKING").ok().map(|v| ansibles(&v));
    if let Some(checking) = wanted.host_key_checking.or_else(environment) {
        return checking;
    }
    let asked = |word: &String| word.to_lowercase().contains("stricthostkeychecking");
    match config.strict.as_deref() {
        Some("false" | "no" | "off") if wanted.ssh_arguments.iter().any(asked) => {
            HostKeyChecking::Off
        }
        Some("accept-new" | "false" | "no" | "off") => HostKeyChecking::AcceptNew,
        _ => HostKeyChecking::Strict,
    }
}

/// The environment variable in all the words that Ansible takes for a no.
fn ansibles(value: &str) -> HostKeyChecking {
    match value.trim().to_lowercase().as_str() {
        "no" | "false" | "off" | "0" | "n" | "f" => HostKeyChecking::Off,
        _ => HostKeyChecking::Strict,
    }
}

fn elevate(wanted: &Wanted, root: bool) -> Option<Elevate> {
    let wished = wanted.elevate.unwrap_or(!root);
    (wished && !root).then(|| Elevate {
        password: wanted.elevate_password.clone(),
        exe: wanted.elevate_exe.clone(),
    })
}

#[cfg(test)]
mod tests;
