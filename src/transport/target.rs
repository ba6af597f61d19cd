use std::path::PathBuf;
use std::time::Duration;

use crate::elevate::Elevate;
use crate::secret::Secret;

/// A host and everything needed to connect to it; made by [`crate::Wanted::resolve`].
#[derive(Debug, Clone)]
pub struct Target {
    /// The inventory's name for the host: what messages say.
    pub name: String,
    pub kind: Kind,
    /// A name or an address.
    pub address: String,
    pub port: u16,
    pub user: String,
    pub password: Option<Secret>,
    /// Private keys that were asked for: each must be readable.
    pub keys: Vec<PathBuf>,
    /// Private keys that are tried where they exist.
    pub default_keys: Vec<PathBuf>,
    /// Only `keys` and `default_keys` are offered, never others that an agent holds.
    pub identities_only: bool,
    /// The agent's socket in place of `SSH_AUTH_SOCK`; `none` for no agent (`IdentityAgent`).
    pub identity_agent: Option<String>,
    pub host_key_checking: HostKeyChecking,
    /// Looked up in this order; a new key is appended to the first.
    pub known_hosts: Vec<PathBuf>,
    /// New keys are accepted without being recorded: for whoever may write nothing.
    pub record_nothing: bool,
    /// The name to look for in known_hosts in place of the address.
    pub host_key_alias: Option<String>,
    /// Recorded names are hashed (`HashKnownHosts`).
    pub hash_known_hosts: bool,
    /// Hosts to go through, the first hop first.
    pub via: Vec<Target>,
    /// A command whose standard input and output are the connection (`ProxyCommand`).
    pub proxy_command: Option<String>,
    /// For each of: reaching the host, the key exchange, the log-in.
    pub timeout: Duration,
    /// How commands become root where the user is not.
    pub elevate: Option<Elevate>,
}

/// What carries the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Ssh,
    /// This machine, with no connection at all (`ansible_connection=local`).
    Local,
}

/// What happens with a host key that known_hosts does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostKeyChecking {
    /// An unknown key is an error.
    Strict,
    /// An unknown key is recorded; a changed one is an error.
    AcceptNew,
    /// No check at all: only where the inventory or Ansible's environment variable says so.
    Off,
}

impl Target {
    /// A target with OpenSSH's defaults, for callers without an inventory.
    pub fn ssh(name: &str, address: &str, port: u16, user: &str) -> Self {
        Self {
            name: name.to_owned(),
            kind: Kind::Ssh,
            address: address.to_owned(),
            port,
            user: user.to_owned(),
            password: None,
            keys: Vec::new(),
            default_keys: Vec::new(),
            identities_only: false,
            identity_agent: None,
            host_key_checking: HostKeyChecking::Strict,
            known_hosts: Vec::new(),
            record_nothing: false,
            host_key_alias: None,
            hash_known_hosts: false,
            via: Vec::new(),
            proxy_command: None,
            timeout: Duration::from_secs(10),
            elevate: None,
        }
    }

    /// This machine.
    pub fn local(name: &str) -> Self {
        Self { kind: Kind::Local, ..Self::ssh(name, "127.0.0.1", 22, "") }
    }

    /// Whether new host keys are recorded, its jump hosts' too.
    pub fn record_keys(&mut self, record: bool) {
        self.record_nothing = !record;
        self.via.iter_mut().for_each(|hop| hop.record_keys(record));
    }

    /// What known_hosts calls this host: the alias as it is, else the address, with its port where
    /// that is not 22 (`put_host_port` in OpenSSH's misc.c).
    pub fn lookup_name(&self) -> String {
        match (&self.host_key_alias, self.port) {
            (Some(alias), _) => alias.to_lowercase(),
            (None, 22) => self.address.to_lowercase(),
            (None, port) => format!("[{}]:{port}", self.address.to_lowercase()),
        }
    }
}
