use mesoform_identity::{Authority, Grant, Identity, KeyRequest, Role};
use mesoform_settings::PkiPaths;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt;
use tempfile::TempDir;

/// A cluster's certificates in a folder that goes with the test.
pub struct Pki {
    authority: Authority,
    dir: TempDir,
}

impl Pki {
    pub fn new() -> Self {
        Self { authority: Authority::create("test").unwrap(), dir: TempDir::new().unwrap() }
    }

    pub fn identity(&self, role: Role, host: &str) -> Identity {
        let dir = self.dir.path().join(format!("{role}-{host}"));
        std::fs::create_dir_all(&dir).unwrap();
        let paths = PkiPaths::in_dir(&dir, &role.to_string());
        let request = KeyRequest::generate().unwrap();
        let mut grant = Grant::new(role, host);
        grant.ips = vec!["127.0.0.1".parse().unwrap()];
        let chain = self.authority.sign(&request.csr_pem, &grant).unwrap();
        std::fs::write(&paths.ca, self.authority.certificate_pem()).unwrap();
        std::fs::write(&paths.cert, chain).unwrap();
        let mut options = std::fs::OpenOptions::new();
        let key = options.write(true).create_new(true).mode(0o600).open(&paths.key);
        key.unwrap().write_all(request.key_pem.expose().as_bytes()).unwrap();
        Identity::load(&paths).unwrap()
    }
}
