//! Variables that begin like Ansible's and are most likely slips of the pen.

use super::NAMES;
use crate::notice::Remark;
use crate::{Host, Notice, nearest};
use std::collections::HashSet;
use std::sync::Arc;

const PREFIX: &str = "ansible_";

/// Variables of Ansible's that mean nothing here and are near to ones that do.
const OTHERS: &[&str] = &[
    "ansible_become_flags",
    "ansible_check_mode",
    "ansible_config_file",
    "ansible_diff_mode",
    "ansible_facts",
    "ansible_forks",
    "ansible_hostname",
    "ansible_hosts",
    "ansible_inventory_sources",
    "ansible_limit",
    "ansible_local",
    "ansible_nodename",
    "ansible_pipelining",
    "ansible_playbook_python",
    "ansible_python",
    "ansible_python_interpreter",
    "ansible_remote_tmp",
    "ansible_remote_user",
    "ansible_run_tags",
    "ansible_scp_extra_args",
    "ansible_scp_executable",
    "ansible_sftp_executable",
    "ansible_sftp_extra_args",
    "ansible_shell_executable",
    "ansible_shell_type",
    "ansible_skip_tags",
    "ansible_ssh_executable",
    "ansible_ssh_pipelining",
    "ansible_ssh_transfer_method",
    "ansible_ssh_use_tty",
    "ansible_system",
    "ansible_user_dir",
    "ansible_user_gid",
    "ansible_user_id",
    "ansible_user_shell",
    "ansible_user_uid",
    "ansible_verbosity",
    "ansible_version",
];

/// Each place once, however many hosts have the variable of a group.
pub(crate) fn of<'h>(hosts: impl Iterator<Item = &'h Host>) -> Vec<Notice> {
    let mut seen = HashSet::new();
    let mut notices = Vec::new();
    for (name, var) in hosts.flat_map(|host| &host.vars) {
        if !name.starts_with(PREFIX) || !seen.insert((Arc::as_ptr(var), name.clone())) {
            continue;
        }
        if let Some(nearest) = meant(name) {
            let remark = Remark::UnknownConnectionVariable { name: name.to_string(), nearest };
            notices.push(Notice { origin: var.origin.clone(), remark });
        }
    }
    notices.sort_by(|a, b| a.origin.cmp(&b.origin));
    notices
}

/// The variable that was meant, where the name is none that Ansible has.
fn meant(name: &str) -> Option<String> {
    let own = |name: &'static str| name.trim_start_matches(PREFIX);
    if NAMES.contains(&name) || OTHERS.contains(&name) {
        return None;
    }
    let near = nearest(name.strip_prefix(PREFIX)?, NAMES.iter().map(|name| own(name)))?;
    Some(format!("{PREFIX}{near}"))
}

#[cfg(test)]
mod tests {
    use super::meant;

    #[test]
    fn slips_are_told_from_what_ansible_has() {
        for (name, wanted) in [
            ("ansible_hots", Some("ansible_host")),
            ("ansible_sshuser", Some("ansible_ssh_user")),
            ("ansible_prot", Some("ansible_port")),
            ("ansible_become_pasword", Some("ansible_become_password")),
            ("ansible_ssh_private_keyfile", Some("ansible_ssh_private_key_file")),
            ("ansible_host", None),
            ("ansible_hostname", None),
            ("ansible_python_interpreter", None),
            ("ansible_user_id", None),
            ("ansible_winrm_transport", None),
            ("ansible_default_ipv4", None),
            ("ansible_os_family", None),
            ("ansible_", None),
        ] {
            assert_eq!(meant(name).as_deref(), wanted, "{name}");
        }
    }
}
