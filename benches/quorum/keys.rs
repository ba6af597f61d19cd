use mesoform_identity::{Authority, Grant, KeyRequest, Role, write_public, write_secret};
use mesoform_settings::PkiPaths;
use std::path::Path;

/// Puts a key and a certificate for 127.0.0.1 into `dir`.
pub fn issue(authority: &Authority, dir: &Path, role: Role, host: &str) -> PkiPaths {
    std::fs::create_dir_all(dir).unwrap();
    let paths = PkiPaths::in_dir(dir, role.as_str());
    let request = KeyRequest::generate().unwrap();
    let mut grant = Grant::new(role, host);
    grant.ips = vec!["127.0.0.1".parse().unwrap()];
    let certificate = authority.sign(&request.csr_pem, &grant).unwrap();
    write_secret(&paths.key, request.key_pem.expose().as_bytes()).unwrap();
    write_public(&paths.cert, certificate.as_bytes()).unwrap();
    write_public(&paths.ca, authority.certificate_pem().as_bytes()).unwrap();
    paths
}
