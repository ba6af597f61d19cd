//! A cluster's CA, a service behind a door, and clients of all kinds.

use axum::body::Body;
use axum::routing::{get, post};
use axum::{Extension, Router};
use mesoform_http::{Caller, Door, Encrypted, Limits, credential_line, only_for};
use mesoform_identity::{Authority, Grant, Identity, KeyRequest, Role, write_public, write_secret};
use mesoform_settings::{HttpSettings, PkiPaths, Scheme};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub const PASSWORD: &str = "0123456789abcdef0123456789abcdef";

pub struct Cluster {
    authority: Authority,
    dir: tempfile::TempDir,
}

impl Cluster {
    pub fn new() -> Self {
        let authority = Authority::create("demo").unwrap();
        Self { authority, dir: tempfile::tempdir().unwrap() }
    }

    pub fn identity(&self, role: Role) -> Identity {
        self.identity_on("h1", role)
    }

    fn identity_on(&self, host: &str, role: Role) -> Identity {
        let dir = self.dir.path().join(host);
        std::fs::create_dir_all(&dir).unwrap();
        let paths = PkiPaths::in_dir(&dir, role.as_str());
        let request = KeyRequest::generate().unwrap();
        let grant = Grant { ips: vec![Ipv4Addr::LOCALHOST.into()], ..Grant::new(role, host) };
        let chain = self.authority.sign(&request.csr_pem, &grant).unwrap();
        write_public(&paths.ca, self.authority.certificate_pem().as_bytes()).unwrap();
        write_public(&paths.cert, chain.as_bytes()).unwrap();
        write_secret(&paths.key, request.key_pem.expose().as_bytes()).unwrap();
        Identity::load(&paths).unwrap()
    }

    pub fn credentials(&self) -> PathBuf {
        let path = self.dir.path().join("credentials");
        write_secret(&path, credential_line("admin", PASSWORD, b"salt").as_bytes()).unwrap();
        path
    }

    /// A client that trusts the cluster and shows the certificate of `role`.
    pub fn member(&self, role: Role) -> reqwest::Client {
        self.member_on("h1", role)
    }

    /// The same of another host.
    pub fn member_on(&self, host: &str, role: Role) -> reqwest::Client {
        let identity = self.identity_on(host, role);
        let config = identity.client_config(&[b"h2", b"http/1.1"]).unwrap();
        client(Arc::unwrap_or_clone(config))
    }

    /// A client that trusts the cluster and shows nothing.
    pub fn guest(&self) -> reqwest::Client {
        use rustls::pki_types::{CertificateDer, pem::PemObject};
        let pem = self.authority.certificate_pem();
        bare(vec![CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()])
    }
}

/// A client for plain HTTP. (reqwest has no TLS of its own here, and panics without any.)
pub fn plain() -> reqwest::Client {
    bare(Vec::new())
}

fn bare(trusted: Vec<rustls::pki_types::CertificateDer<'static>>) -> reqwest::Client {
    let mut roots = rustls::RootCertStore::empty();
    trusted.into_iter().for_each(|root| roots.add(root).unwrap());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    client(config)
}

fn client(config: rustls::ClientConfig) -> reqwest::Client {
    let timeout = Duration::from_secs(60);
    reqwest::Client::builder().tls_backend_preconfigured(config).timeout(timeout).build().unwrap()
}

pub fn settings(scheme: Scheme, credentials: Option<PathBuf>) -> HttpSettings {
    let listen = (Ipv4Addr::LOCALHOST, 0).into();
    HttpSettings { listen, advertise: String::new(), scheme, credentials }
}

/// A running service; it stops when this is dropped or told to.
pub struct Running {
    pub addr: SocketAddr,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    pub fn door(door: Door) -> Self {
        let stop = CancellationToken::new();
        let addr = door.local_addr();
        let serving = door.serve(routes(), stop.clone());
        Self { addr, stop, task: tokio::spawn(serving) }
    }

    pub async fn start(http: &HttpSettings, identity: Option<&Identity>, limits: Limits) -> Self {
        Self::door(Door::bind(http, identity).await.unwrap().with_limits(limits))
    }

    pub fn http(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    pub fn https(&self, path: &str) -> String {
        format!("https://{}{path}", self.addr)
    }

    pub fn tell_to_stop(&self) {
        self.stop.cancel();
    }

    pub async fn stopped(mut self) {
        (&mut self.task).await.unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn routes() -> Router {
    Router::new()
        .route(
            "/who",
            get(|Extension(caller): Extension<Caller>| async move { caller.to_string() }),
        )
        .route("/ping", get(|| async { "pong" }))
        .route(
            "/encrypted",
            get(|how: Option<Extension<Encrypted>>| async move { how.is_some().to_string() }),
        )
        .route("/size", post(|body: String| async move { body.len().to_string() }))
        .route("/drip", get(drip))
        .merge(only_for(&[Role::Scheduler], Router::new().route("/frameworks", get(|| async {}))))
}

/// A stream that does not end by itself.
async fn drip() -> Body {
    let ticks = tokio_stream::wrappers::IntervalStream::new(tokio::time::interval(
        Duration::from_millis(20),
    ));
    Body::from_stream(futures::StreamExt::map(ticks, |_| Ok::<_, std::io::Error>("drop\n")))
}
