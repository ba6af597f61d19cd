//! The original in a voter's place.

use mesoform_settings::PkiPaths;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

/// One member, as `etcd` wants it told.
pub struct Member<'m> {
    pub name: &'m str,
    pub data: &'m Path,
    pub keys: &'m PkiPaths,
    pub client: SocketAddr,
    pub peer: SocketAddr,
    /// Where the others find it.
    pub advertised: SocketAddr,
    /// All members: `name=http://address,…`.
    pub all: &'m str,
}

pub fn command(member: &Member<'_>) -> Command {
    let client = format!("https://{}", member.client);
    let mut command = Command::new("etcd");
    command
        .args(["--name", member.name, "--data-dir"])
        .arg(member.data)
        .args(["--listen-client-urls", &client, "--advertise-client-urls", &client])
        .args(["--listen-peer-urls", &format!("http://{}", member.peer)])
        .args(["--initial-advertise-peer-urls", &format!("http://{}", member.advertised)])
        .args(["--initial-cluster", member.all])
        .args(["--heartbeat-interval", "100", "--election-timeout", "600"])
        .args(["--client-cert-auth", "--cert-file"])
        .arg(&member.keys.cert)
        .arg("--key-file")
        .arg(&member.keys.key)
        .arg("--trusted-ca-file")
        .arg(&member.keys.ca);
    command
}

/// Whether it is on this machine; where not, that is said, and in CI a failure.
pub fn is_here() -> bool {
    let found = Command::new("etcd").arg("--version").output().is_ok();
    if !found {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "etcd is not in PATH");
        eprintln!("DID NOT RUN: etcd is not in PATH");
    }
    found
}
