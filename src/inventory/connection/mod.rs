//! How a host is reached: Ansible's connection variables under all their names.

mod password;
mod reader;
#[cfg(test)]
mod tests;
pub(crate) mod typos;

pub use password::Password;

use crate::{Host, InventoryErrors, Value};
use reader::Reader;
use std::path::PathBuf;
use std::time::Duration;

/// What an inventory says about reaching a host; what it does not say is none.
#[derive(Clone, Debug, PartialEq)]
pub struct ConnectionVars {
    /// `ansible_host`; else the host's name.
    pub address: String,
    pub port: Option<u16>,
    pub user: Option<String>,
    pub private_key_file: Option<PathBuf>,
    pub password: Option<Password>,
    pub host_key_checking: Option<bool>,
    /// `ansible_ssh_timeout`, else `ansible_timeout`; whole seconds.
    pub timeout: Option<Duration>,
    pub retries: Option<u32>,
    pub connection: Connection,
    pub ssh_args: Option<String>,
    pub ssh_common_args: Option<String>,
    pub ssh_extra_args: Option<String>,
    pub elevation: Become,
}

/// `ansible_connection`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Connection {
    #[default]
    Ssh,
    /// This machine, without SSH.
    Local,
}

/// Becoming another user after log-in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Become {
    pub enabled: Option<bool>,
    pub method: Option<String>,
    pub user: Option<String>,
    pub password: Option<Password>,
    pub exe: Option<String>,
    pub flags: Option<String>,
}

/// All names that mean something here.
const NAMES: &[&str] = &[
    "ansible_become",
    "ansible_become_exe",
    "ansible_become_flags",
    "ansible_become_method",
    "ansible_become_pass",
    "ansible_become_password",
    "ansible_become_user",
    "ansible_connection",
    "ansible_host",
    "ansible_host_key_checking",
    "ansible_password",
    "ansible_port",
    "ansible_private_key_file",
    "ansible_ssh_args",
    "ansible_ssh_common_args",
    "ansible_ssh_extra_args",
    "ansible_ssh_host",
    "ansible_ssh_host_key_checking",
    "ansible_ssh_pass",
    "ansible_ssh_password",
    "ansible_ssh_port",
    "ansible_ssh_private_key_file",
    "ansible_ssh_retries",
    "ansible_ssh_timeout",
    "ansible_ssh_user",
    "ansible_sudo",
    "ansible_sudo_exe",
    "ansible_sudo_flags",
    "ansible_sudo_pass",
    "ansible_sudo_user",
    "ansible_timeout",
    "ansible_user",
];

/// Works out templates in values.
pub(crate) type Render<'a> = &'a dyn Fn(&str) -> Result<Value, String>;

/// Reads the variables of a host. Of several names for one thing the last one listed wins, as in
/// Ansible's own plugins.
pub(crate) fn of(host: &Host, render: Render) -> Result<ConnectionVars, InventoryErrors> {
    let mut reader = Reader::new(host, render);
    let vars = ConnectionVars {
        address: reader
            .text(&["ansible_host", "ansible_ssh_host"])
            .unwrap_or_else(|| host.name().to_owned()),
        port: reader.port(&["ansible_port", "ansible_ssh_port"]),
        user: reader.text(&["ansible_user", "ansible_ssh_user"]),
        private_key_file: reader
            .text(&["ansible_private_key_file", "ansible_ssh_private_key_file"])
            .map(PathBuf::from),
        password: reader.password(&[
            "ansible_password",
            "ansible_ssh_pass",
            "ansible_ssh_password",
        ]),
        host_key_checking: reader
            .truth(&["ansible_host_key_checking", "ansible_ssh_host_key_checking"]),
        timeout: reader.seconds(&["ansible_timeout", "ansible_ssh_timeout"]),
        retries: reader.count(&["ansible_ssh_retries"]),
        connection: reader.connection(&["ansible_connection"]),
        ssh_args: reader.text(&["ansible_ssh_args"]),
        ssh_common_args: reader.text(&["ansible_ssh_common_args"]),
        ssh_extra_args: reader.text(&["ansible_ssh_extra_args"]),
        elevation: elevation(&mut reader),
    };
    reader.conclude()?;
    Ok(vars)
}

fn elevation(reader: &mut Reader) -> Become {
    Become {
        enabled: reader.truth(&["ansible_sudo", "ansible_become"]),
        method: reader.text(&["ansible_become_method"]),
        user: reader.text(&["ansible_become_user", "ansible_sudo_user"]),
        password: reader.password(&[
            "ansible_become_password",
            "ansible_become_pass",
            "ansible_sudo_pass",
        ]),
        exe: reader.text(&["ansible_become_exe", "ansible_sudo_exe"]),
        flags: reader.text(&["ansible_become_flags", "ansible_sudo_flags"]),
    }
}
