//! What an installer would have written: the host's name, its address, its keys.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;
use std::process::Command;

use super::Host;
use crate::run::run;

pub(super) fn write(host: &Host) {
    let root = host.root();
    let (name, address) = (host.name(), host.address());
    let network = format!(
        "[Match]\nName=host0\n\n[Network]\nAddress={address}/24\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n"
    );
    let hosts = format!("127.0.0.1\tlocalhost\n127.0.1.1\t{name}\n::1\tlocalhost ip6-localhost\n");
    for (path, text) in [
        ("etc/hostname", format!("{name}\n")),
        ("etc/hosts", hosts),
        ("etc/systemd/network/10-host0.network", network),
        ("etc/machine-id", format!("{:032x}\n", rand::random::<u128>())),
        ("etc/resolv.conf", String::new()),
    ] {
        put(&root, path, &text, 0o644);
    }
    authorize(host, &root);
    host_key(host, &root);
}

fn put(root: &Path, path: &str, text: &str, mode: u32) {
    let file = root.join(path);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    // The base may have a link there that points out of the root.
    let _ = fs::remove_file(&file);
    fs::write(&file, text).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
}

/// The operator may log in as root, as admin (sudo at will) and as guarded (sudo with a password).
fn authorize(host: &Host, root: &Path) {
    let public = fs::read_to_string(host.inner.key.with_extension("pub")).unwrap();
    put(root, "root/.ssh/authorized_keys", &public, 0o600);
    let users = fs::read_to_string(root.join("etc/passwd")).unwrap();
    for line in users.lines() {
        let fields: Vec<&str> = line.split(':').collect();
        let [user @ ("admin" | "guarded"), _, uid, gid, ..] = fields[..] else { continue };
        let home = format!("home/{user}/.ssh");
        put(root, &format!("{home}/authorized_keys"), &public, 0o600);
        for path in [home.clone(), format!("{home}/authorized_keys")] {
            chown(root.join(path), uid.parse().ok(), gid.parse().ok()).unwrap();
        }
        fs::set_permissions(root.join(home), fs::Permissions::from_mode(0o700)).unwrap();
    }
}

fn host_key(host: &Host, root: &Path) {
    let key = root.join("etc/ssh/ssh_host_ed25519_key");
    let mut generate = Command::new("ssh-keygen");
    generate.args(["-q", "-t", "ed25519", "-N", "", "-C", host.name(), "-f"]).arg(&key);
    run(&mut generate, super::COMMAND_LIMIT).expect_success();
    let public = fs::read_to_string(key.with_extension("pub")).unwrap();
    let line = format!("{} {public}", host.address());
    use std::io::Write;
    let mut known = fs::File::options();
    let mut known = known.create(true).append(true).open(&host.inner.known_hosts).unwrap();
    known.write_all(line.as_bytes()).unwrap();
}
