//! How a host is reached: Ansible's connection variables, and one of ours.

use super::Mistakes;
use mesoform_inventory::{Connection, ConnectionVars, Host, Inventory, Password};
use mesoform_transport::{HostKeyChecking, Kind, Secret, Wanted};

pub(super) fn wanted(inventory: &Inventory, host: &Host, mistakes: &mut Mistakes) -> Wanted {
    let vars = match inventory.connection(host.name()) {
        Ok(vars) => vars,
        Err(errors) => {
            mistakes.extend(errors);
            return Wanted::default();
        }
    };
    only_sudo_to_root(host, &vars, mistakes);
    let secret = |password: &Password| Secret::new(password.expose());
    Wanted {
        name: host.name().to_owned(),
        kind: Some(match vars.connection {
            Connection::Ssh => Kind::Ssh,
            Connection::Local => Kind::Local,
        }),
        ssh_arguments: ssh_arguments(host, &vars, mistakes),
        host_key_checking: host_key_checking(host, &vars, mistakes),
        address: Some(vars.address),
        port: vars.port,
        user: vars.user,
        password: vars.password.as_ref().map(secret),
        key: vars.private_key_file,
        timeout: vars.timeout,
        elevate: vars.elevation.enabled,
        elevate_password: vars.elevation.password.as_ref().map(secret),
        elevate_exe: vars.elevation.exe,
    }
}

fn only_sudo_to_root(host: &Host, vars: &ConnectionVars, mistakes: &mut Mistakes) {
    let sudo = ["sudo", "ansible.builtin.sudo", "community.general.sudo"];
    if let Some(method) = &vars.elevation.method
        && !sudo.contains(&method.as_str())
    {
        let cause = format!("ansible_become_method is {method}, and only sudo is there");
        add(host, &["ansible_become_method"], cause, "set it to sudo", mistakes);
    }
    if let Some(user) = &vars.elevation.user
        && user != "root"
    {
        let cause = format!("ansible_become_user is {user}, and a host is set up as root");
        let names = ["ansible_become_user", "ansible_sudo_user"];
        add(host, &names, cause, "set it to root, or take it out", mistakes);
    }
}

/// The options for `ssh`, word by word.
fn ssh_arguments(host: &Host, vars: &ConnectionVars, mistakes: &mut Mistakes) -> Vec<String> {
    let all = [
        ("ansible_ssh_args", &vars.ssh_args),
        ("ansible_ssh_common_args", &vars.ssh_common_args),
        ("ansible_ssh_extra_args", &vars.ssh_extra_args),
    ];
    let mut words = Vec::new();
    for (name, text) in all {
        let Some(text) = text else { continue };
        match shlex::split(text) {
            Some(split) => words.extend(split),
            None => {
                let cause = format!("the quotes in {name} do not close");
                add(host, &[name], cause, "close them", mistakes);
            }
        }
    }
    words
}

/// Ours, then Ansible's. Where neither is set, the environment and OpenSSH's configuration decide.
fn host_key_checking(
    host: &Host,
    vars: &ConnectionVars,
    mistakes: &mut Mistakes,
) -> Option<HostKeyChecking> {
    let name = "mesoform_host_key_checking";
    let Some(var) = host.var(name) else {
        let strictly = |check| if check { HostKeyChecking::Strict } else { HostKeyChecking::Off };
        return vars.host_key_checking.map(strictly);
    };
    match var.text().unwrap_or_default().to_lowercase().as_str() {
        "accept-new" => return Some(HostKeyChecking::AcceptNew),
        "strict" => return Some(HostKeyChecking::Strict),
        _ if var.truth() == Some(true) => return Some(HostKeyChecking::Strict),
        _ => {}
    }
    let cause = format!("{name} is {}", var.value);
    add(host, &[name], cause, "set it to strict or accept-new", mistakes);
    None
}

/// At the variable that is set, of several names for one thing.
fn add(host: &Host, names: &[&str], cause: String, cure: &str, mistakes: &mut Mistakes) {
    let var = names.iter().find_map(|name| host.var(name));
    mistakes.add(var.map_or(host.origin(), |var| &var.origin), cause, cure);
}

#[cfg(test)]
mod tests {
    use super::*;
    use mesoform_inventory::ExtraVars;
    use std::path::Path;

    fn read(vars: &str) -> (Wanted, String) {
        let text = format!("h1 {vars}\n");
        let inventory =
            Inventory::parse(&text, Path::new("hosts.ini"), &ExtraVars::default()).unwrap();
        let mut mistakes = Mistakes::default();
        let wanted = wanted(&inventory, inventory.host("h1").unwrap(), &mut mistakes);
        (wanted, mistakes.to_string())
    }

    #[test]
    fn ansibles_variables_are_understood() {
        let (wanted, mistakes) = read(
            "ansible_ssh_host=10.0.0.7 ansible_port=2222 ansible_user=ann ansible_ssh_pass=geheim \
             ansible_ssh_private_key_file=/keys/one ansible_become=yes ansible_become_pass=sesame \
             ansible_ssh_common_args=\"-o ProxyCommand='ssh -W %h:%p jump' -J a,b\" ansible_timeout=30",
        );
        assert_eq!(mistakes, "");
        assert_eq!(wanted.address.as_deref(), Some("10.0.0.7"));
        assert_eq!((wanted.port, wanted.user.as_deref()), (Some(2222), Some("ann")));
        assert_eq!(wanted.key, Some("/keys/one".into()));
        assert_eq!(wanted.ssh_arguments, ["-o", "ProxyCommand=ssh -W %h:%p jump", "-J", "a,b"]);
        assert_eq!(wanted.timeout.map(|t| t.as_secs()), Some(30));
        assert_eq!(wanted.elevate, Some(true));
        assert_eq!(wanted.elevate_password, Some(Secret::new("sesame")));
        let shown = format!("{wanted:?}");
        assert!(!shown.contains("geheim") && !shown.contains("sesame"), "{shown}");
    }

    #[test]
    fn host_key_checking_is_off_only_when_said() {
        for (vars, expected) in [
            ("", None),
            ("mesoform_host_key_checking=accept-new", Some(HostKeyChecking::AcceptNew)),
            ("mesoform_host_key_checking=strict", Some(HostKeyChecking::Strict)),
            ("mesoform_host_key_checking=yes", Some(HostKeyChecking::Strict)),
            ("ansible_host_key_checking=False", Some(HostKeyChecking::Off)),
            ("ansible_ssh_host_key_checking=no", Some(HostKeyChecking::Off)),
            ("ansible_host_key_checking=true", Some(HostKeyChecking::Strict)),
            (
                "mesoform_host_key_checking=strict ansible_host_key_checking=no",
                Some(HostKeyChecking::Strict),
            ),
        ] {
            let (wanted, mistakes) = read(vars);
            assert_eq!((wanted.host_key_checking, mistakes.as_str()), (expected, ""), "{vars}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_a_mistake_at_its_place() {
        for vars in [
            "ansible_port=70000",
            "ansible_connection=winrm",
            "ansible_become=perhaps",
            "ansible_become_method=doas",
            "ansible_become_user=postgres",
            "ansible_ssh_common_args=\"-o 'unclosed\"",
            "ansible_timeout=soon",
            "mesoform_host_key_checking=off",
        ] {
            let (_, mistakes) = read(vars);
            let name = vars.split('=').next().unwrap();
            assert!(mistakes.starts_with("hosts.ini:1:4: "), "{mistakes}");
            assert!(mistakes.contains(name), "{mistakes}");
        }
    }
}
