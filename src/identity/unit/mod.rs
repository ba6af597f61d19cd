use super::*;
use mesoform_settings::PkiPaths;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

fn grant(role: Role) -> Grant {
    Grant {
        dns: vec!["localhost".into(), "h1.example".into()],
        ips: vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
        ..Grant::new(role, "h1")
    }
}

/// The files of a service with `role` in `dir`, signed by `authority`.
fn install(authority: &Authority, dir: &Path, role: Role) -> PkiPaths {
    install_granted(authority, dir, &grant(role))
}

fn install_granted(authority: &Authority, dir: &Path, grant: &Grant) -> PkiPaths {
    let paths = PkiPaths::in_dir(dir, grant.role.as_str());
    let request = KeyRequest::generate().unwrap();
    let chain = authority.sign(&request.csr_pem, grant).unwrap();
    write_public(&paths.ca, authority.certificate_pem().as_bytes()).unwrap();
    write_public(&paths.cert, chain.as_bytes()).unwrap();
    write_secret(&paths.key, request.key_pem.expose().as_bytes()).unwrap();
    paths
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

mod authority;
mod outside;
mod peers;
mod reloading;
mod secrets;
