//! What an inventory says about reaching a host, in Ansible's connection variables.

use std::path::PathBuf;
use std::time::Duration;

use crate::secret::Secret;
use crate::target::{HostKeyChecking, Kind};
use crate::{Result, TransportError};

/// A host's connection variables; what they leave open is decided by OpenSSH's configuration.
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
    pub key: Option<PathBuf>,
    /// Options for `ssh`, word by word (`ansible_ssh_common_args` and its kin).
    pub ssh_arguments: Vec<String>,
    pub host_key_checking: Option<HostKeyChecking>,
    pub timeout: Option<Duration>,
    /// None: become root where the user is not.
    pub elevate: Option<bool>,
    pub elevate_password: Option<Secret>,
}

impl Wanted {
    /// Reads Ansible's variables by way of `lookup`, which gives a variable's value as text.
    ///
    /// # Errors
    /// A value that cannot be meant, with the variable's name.
    pub fn from_variables(name: &str, lookup: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let reader = Reader { host: name, lookup };
        Ok(Self {
            name: name.to_owned(),
            kind: reader.kind()?,
            address: reader.text(&["ansible_host", "ansible_ssh_host"]),
            port: reader
                .parsed(&["ansible_port", "ansible_ssh_port"], "a port is a number up to 65535")?,
            user: reader.text(&["ansible_user", "ansible_ssh_user"]),
            password: reader.secret(&[
                "ansible_password",
                "ansible_ssh_password",
                "ansible_ssh_pass",
            ]),
            key: reader
                .text(&["ansible_ssh_private_key_file", "ansible_private_key_file"])
                .map(|key| reader.path(&key)),
            ssh_arguments: reader.ssh_arguments()?,
            host_key_checking: reader.host_key_checking()?,
            timeout: reader
                .parsed(
                    &["ansible_timeout", "ansible_ssh_timeout"],
                    "a time-out is a number of seconds",
                )?
                .map(Duration::from_secs),
            elevate: reader.elevate()?,
            elevate_password: reader.secret(&[
                "ansible_become_password",
                "ansible_become_pass",
                "ansible_sudo_pass",
            ]),
        })
    }
}

struct Reader<'a, F> {
    host: &'a str,
    lookup: F,
}

impl<F: Fn(&str) -> Option<String>> Reader<'_, F> {
    fn first(&self, names: &[&'static str]) -> Option<(&'static str, String)> {
        let mut found = names.iter().filter_map(|name| Some((*name, (self.lookup)(name)?)));
        found.find(|(_, value)| !value.is_empty())
    }

    fn text(&self, names: &[&'static str]) -> Option<String> {
        self.first(names).map(|(_, value)| value)
    }

    fn secret(&self, names: &[&'static str]) -> Option<Secret> {
        self.text(names).map(Secret::new)
    }

    fn path(&self, text: &str) -> PathBuf {
        crate::ssh_config::expand(text, &std::env::home_dir().unwrap_or_default())
    }

    fn parsed<T: std::str::FromStr>(
        &self,
        names: &[&'static str],
        rule: &str,
    ) -> Result<Option<T>> {
        let Some((name, value)) = self.first(names) else { return Ok(None) };
        value.trim().parse().map(Some).map_err(|_| self.wrong(name, &value, rule))
    }

    fn yes_or_no(&self, name: &'static str) -> Result<Option<bool>> {
        let Some(value) = self.text(&[name]) else { return Ok(None) };
        match value.to_lowercase().as_str() {
            "yes" | "true" | "on" | "1" | "y" | "t" => Ok(Some(true)),
            "no" | "false" | "off" | "0" | "n" | "f" => Ok(Some(false)),
            _ => Err(self.wrong(name, &value, "say yes or no")),
        }
    }

    fn kind(&self) -> Result<Option<Kind>> {
        let Some(value) = self.text(&["ansible_connection"]) else { return Ok(None) };
        match value.as_str() {
            "ssh" | "smart" | "paramiko" | "paramiko_ssh" | "ansible.builtin.ssh" => {
                Ok(Some(Kind::Ssh))
            }
            "local" | "ansible.builtin.local" => Ok(Some(Kind::Local)),
            _ => Err(self.wrong("ansible_connection", &value, "only ssh and local are there")),
        }
    }

    fn ssh_arguments(&self) -> Result<Vec<String>> {
        let mut words = Vec::new();
        for name in ["ansible_ssh_args", "ansible_ssh_common_args", "ansible_ssh_extra_args"] {
            let Some(value) = self.text(&[name]) else { continue };
            match shlex::split(&value) {
                Some(split) => words.extend(split),
                None => return Err(self.wrong(name, &value, "its quotes do not match")),
            }
        }
        Ok(words)
    }

    /// Ours, then Ansible's variables, then Ansible's environment variable.
    fn host_key_checking(&self) -> Result<Option<HostKeyChecking>> {
        if let Some(value) = self.text(&["mesoform_host_key_checking"]) {
            return match value.to_lowercase().as_str() {
                "accept-new" => Ok(Some(HostKeyChecking::AcceptNew)),
                "strict" | "yes" | "true" => Ok(Some(HostKeyChecking::Strict)),
                _ => Err(self.wrong(
                    "mesoform_host_key_checking",
                    &value,
                    "say strict or accept-new",
                )),
            };
        }
        for name in ["ansible_host_key_checking", "ansible_ssh_host_key_checking"] {
            if let Some(check) = self.yes_or_no(name)? {
                return Ok(Some(checking(check)));
            }
        }
        let environment = std::env::var("ANSIBLE_HOST_KEY_CHECKING").ok();
        Ok(environment.map(|value| {
            checking(!matches!(
                value.to_lowercase().as_str(),
                "no" | "false" | "off" | "0" | "n" | "f"
            ))
        }))
    }

    fn elevate(&self) -> Result<Option<bool>> {
        if let Some(method) = self.text(&["ansible_become_method"])
            && !matches!(
                method.as_str(),
                "sudo" | "ansible.builtin.sudo" | "community.general.sudo"
            )
        {
            return Err(self.wrong("ansible_become_method", &method, "only sudo is there"));
        }
        if let Some(user) = self.text(&["ansible_become_user"])
            && user != "root"
        {
            return Err(self.wrong("ansible_become_user", &user, "a host is set up as root"));
        }
        self.yes_or_no("ansible_become")
    }

    fn wrong(&self, name: &str, value: &str, cause: &str) -> TransportError {
        TransportError::Variable {
            host: self.host.to_owned(),
            name: name.to_owned(),
            value: value.to_owned(),
            cause: cause.to_owned(),
        }
    }
}

fn checking(check: bool) -> HostKeyChecking {
    if check { HostKeyChecking::Strict } else { HostKeyChecking::Off }
}

#[cfg(test)]
mod tests;
