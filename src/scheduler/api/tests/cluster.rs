//! The certificates of a cluster, and schedulers behind real doors.

use crate::api::Proxy;
use axum::Router;
use mesoform_http::Door;
use mesoform_identity::{Authority, Grant, Identity, KeyRequest, Role, write_public, write_secret};
use mesoform_settings::{HttpSettings, PkiPaths, Scheme};
use std::net::Ipv4Addr;
use tokio_util::sync::CancellationToken;

pub struct Cluster {
    authority: Authority,
    dir: tempfile::TempDir,
}

impl Cluster {
    pub fn new() -> Self {
        let authority = Authority::create("demo").unwrap();
        Self { authority, dir: tempfile::tempdir().unwrap() }
    }

    fn identity(&self, role: Role) -> Identity {
        let paths = PkiPaths::in_dir(self.dir.path(), role.as_str());
        let request = KeyRequest::generate().unwrap();
        let grant = Grant { ips: vec![Ipv4Addr::LOCALHOST.into()], ..Grant::new(role, "h1") };
        write_public(&paths.ca, self.authority.certificate_pem().as_bytes()).unwrap();
        write_secret(&paths.key, request.key_pem.expose().as_bytes()).unwrap();
        let chain = self.authority.sign(&request.csr_pem, &grant).unwrap();
        write_public(&paths.cert, chain.as_bytes()).unwrap();
        Identity::load(&paths).unwrap()
    }

    /// The proxy of a scheduler.
    pub fn proxy(&self) -> Proxy {
        let identity = self.identity(Role::Scheduler);
        let tls = identity.client_config_to(&[Role::Scheduler], &[b"h2", b"http/1.1"]);
        Proxy::new(&tls.unwrap()).unwrap()
    }

    /// Serves `router` with a certificate of `role`, on a port that is plain for old clients.
    pub async fn serve(&self, role: Role, router: Router) -> String {
        let http = HttpSettings {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            advertise: String::new(),
            scheme: Scheme::Http,
            credentials: None,
        };
        let door = Door::bind(&http, Some(&self.identity(role))).await.unwrap();
        let address = door.local_addr().to_string();
        tokio::spawn(door.serve(router, CancellationToken::new()));
        address
    }
}
