use super::ledger::NotEntered;
use super::*;
use mesoform_identity::{
    Admission, Authority, Grant, Invitation, JoinAnswer, JoinBook, JoinRequest, KeyRequest,
    inspect, inspect_file, pinned_client_config, write_public, write_secret,
};
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;
use tokio_util::sync::{CancellationToken, DropGuard};

const DAY: Duration = Duration::from_secs(86_400);

/// A master's port for renewals, and those who come to it.
struct Bench {
    root: Authority,
    dir: TempDir,
    address: std::net::SocketAddr,
    _shutdown: DropGuard,
}

impl Bench {
    async fn new() -> Self {
        let (root, dir) = (Authority::create("test").unwrap(), TempDir::new().unwrap());
        let master = issue(&root, dir.path(), &grant(Role::Master, "m1", 90 * DAY));
        let issuer = issue(&root, dir.path(), &Grant::new(Role::Issuer, "m1"));
        let settings = RenewalSettings { listen: "127.0.0.1:0".parse().unwrap(), issuer };
        let identity = Identity::load(&master).unwrap();
        let desk = Desk::bind(&settings, &identity, 64).await.unwrap();
        let (address, shutdown) = (desk.local_addr(), CancellationToken::new());
        let files = Files::at(&dir.path().join("master.credentials"));
        tokio::spawn(desk.serve(Memory::default(), files, shutdown.clone()));
        Self { root, dir, address, _shutdown: shutdown.drop_guard() }
    }

    fn client(&self, root: &Authority, grant: &Grant) -> reqwest::Client {
        let paths = issue(root, &self.dir.path().join("client"), grant);
        // Believes this cluster's masters, whoever has signed its own.
        write_public(&paths.ca, root.certificate_pem().as_bytes()).unwrap();
        let tls = Identity::load(&paths).unwrap().client_config(&[b"http/1.1"]).unwrap();
        let builder = reqwest::Client::builder().tls_backend_preconfigured((*tls).clone());
        builder.no_proxy().build().unwrap()
    }

    async fn ask(
        &self,
        client: &reqwest::Client,
        body: impl Into<reqwest::Body>,
    ) -> reqwest::Result<reqwest::Response> {
        let url = format!("https://{}{RENEW_PATH}", self.address);
        client.post(url).header("content-type", "application/json").body(body).send().await
    }

    async fn asks(&self, grant: &Grant) -> (u16, String) {
        let answer = self.ask(&self.client(&self.root, grant), request()).await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }
}

fn request() -> String {
    let csr_pem = KeyRequest::generate().unwrap().csr_pem;
    serde_json::to_string(&RenewRequest { csr_pem }).unwrap()
}

fn grant(role: Role, host: &str, lifetime: Duration) -> Grant {
    let ips = vec!["127.0.0.1".parse().unwrap()];
    Grant { dns: vec![format!("{host}.example")], ips, lifetime, ..Grant::new(role, host) }
}

fn issue(root: &Authority, dir: &Path, grant: &Grant) -> PkiPaths {
    std::fs::create_dir_all(dir).unwrap();
    let paths = PkiPaths::in_dir(dir, grant.role.as_str());
    let request = KeyRequest::generate().unwrap();
    let chain = root.sign(&request.csr_pem, grant).unwrap();
    write_public(&paths.ca, root.certificate_pem().as_bytes()).unwrap();
    write_public(&paths.cert, chain.as_bytes()).unwrap();
    write_secret(&paths.key, request.key_pem.expose().as_bytes()).unwrap();
    paths
}

#[tokio::test]
async fn each_role_gets_what_it_had_for_longer() {
    let bench = Bench::new().await;
    for role in Role::RENEWED {
        let had = grant(role, "h7", 10 * DAY);
        let (status, body) = bench.asks(&had).await;
        assert_eq!(status, 200, "{body}");
        let answer: RenewAnswer = serde_json::from_str(&body).unwrap();
        let info = inspect(&answer.chain_pem, bench.root.certificate_pem()).unwrap();
        assert_eq!((info.role, info.host.as_str()), (role, "h7"));
        assert_eq!((info.dns, info.ips), (had.dns, had.ips));
        let left = info.not_after.duration_since(Timestamp::now());
        assert!(left.as_hours() / 24 >= 89, "{left}");
    }
}

#[tokio::test]
async fn who_has_no_business_here_is_refused() {
    let bench = Bench::new().await;
    let (status, words) = bench.asks(&grant(Role::Operator, "me", 10 * DAY)).await;
    assert_eq!((status, words.contains("operator")), (403, true), "{words}");
    let (status, words) = bench.asks(&grant(Role::Agent, "h1", 80 * DAY)).await;
    assert_eq!((status, words.contains("long enough")), (403, true), "{words}");

    let other = Authority::create("test").unwrap();
    let foreign = bench.client(&other, &grant(Role::Agent, "h1", 10 * DAY));
    assert!(bench.ask(&foreign, request()).await.is_err(), "a foreign CA");
}

#[tokio::test]
async fn a_certificate_that_has_ended_opens_nothing() {
    let bench = Bench::new().await;
    let ended = grant(Role::Agent, "h1", Duration::ZERO);
    let paths = issue(&bench.root, &bench.dir.path().join("client"), &ended);
    let client = whatever_it_says(&paths);
    let end = inspect_file(&paths.cert, &paths.ca).unwrap().not_after;
    // TLS counts whole seconds.
    while Timestamp::now().duration_since(end).as_secs() < 2 {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(bench.ask(&client, request()).await.is_err());
    let holds =
        issue(&bench.root, &bench.dir.path().join("client"), &grant(Role::Agent, "h1", DAY));
    assert!(bench.ask(&whatever_it_says(&holds), request()).await.is_ok());
}

/// A client that shows a certificate without a look at it.
fn whatever_it_says(paths: &PkiPaths) -> reqwest::Client {
    use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
    let read = |path| CertificateDer::from_pem_file(path).unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(read(&paths.ca)).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = PrivateKeyDer::from_pem_file(&paths.key).unwrap();
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_client_auth_cert(vec![read(&paths.cert)], key)
        .unwrap();
    let builder = reqwest::Client::builder().tls_backend_preconfigured(config);
    builder.no_proxy().build().unwrap()
}

#[tokio::test]
async fn what_is_no_request_is_refused_and_what_is_too_long() {
    let bench = Bench::new().await;
    let client = bench.client(&bench.root, &grant(Role::Agent, "h1", 10 * DAY));
    let csr = |csr_pem: String| serde_json::to_string(&RenewRequest { csr_pem }).unwrap();
    for (body, status) in [
        (csr("nothing".into()), 400),
        (csr("x".repeat(17 << 10)), 400),
        (csr("x".repeat(BODY)), 413),
        ("{}".to_owned(), 422),
    ] {
        let answer = bench.ask(&client, body).await.unwrap();
        let (found, words) = (answer.status().as_u16(), answer.text().await.unwrap());
        assert_eq!(found, status, "{words}");
    }
}

#[tokio::test]
async fn nobody_gets_certificates_for_ever() {
    let bench = Bench::new().await;
    let client = bench.client(&bench.root, &grant(Role::Agent, "h1", 10 * DAY));
    let mut refused = 0;
    for _ in 0..12 {
        let status = bench.ask(&client, request()).await.unwrap().status().as_u16();
        assert!(matches!(status, 200 | 429), "{status}");
        refused += usize::from(status == 429);
    }
    assert!(refused > 0);
    let (status, words) = bench.asks(&grant(Role::Agent, "h2", 10 * DAY)).await;
    assert_eq!(status, 200, "{words}");
}

#[tokio::test]
async fn without_its_own_ca_a_master_says_so() {
    let bench = Bench::new().await;
    std::fs::remove_file(bench.dir.path().join("issuer.key")).unwrap();
    let (status, words) = bench.asks(&grant(Role::Agent, "h1", 10 * DAY)).await;
    assert_eq!((status, words.contains("issuer.key")), (503, true), "{words}");
}

/// A book without a quorum.
#[derive(Default)]
struct Memory(Mutex<JoinBook>);

impl Ledger for Memory {
    async fn enter(&self, admission: &Admission, now: Timestamp) -> Result<(), NotEntered> {
        let mut book = self.0.lock().unwrap();
        Ok(book.enter(admission, now).map(drop)?)
    }
}

const LINE: &str = "admin:00:11\n";

impl Bench {
    fn invitation(&self) -> Invitation {
        Invitation {
            id: Invitation::new_id().unwrap(),
            cluster: "test".into(),
            desk: mesoform_identity::Desk::Masters,
            host: "h7".into(),
            guests: None,
            made: 0,
            roles: vec![Role::Agent, Role::Scheduler, Role::Master],
            dns: vec!["h7.example".into()],
            ips: vec!["127.0.0.1".parse().unwrap()],
            until: Timestamp::now().as_second() + 3600,
        }
    }

    fn asks_to_be(&self, invitation: &Invitation, roles: &[Role]) -> JoinRequest {
        std::fs::write(self.dir.path().join("master.credentials"), LINE).unwrap();
        let csr = |role: &Role| (*role, KeyRequest::generate().unwrap().csr_pem);
        JoinRequest {
            token: self.root.invite(invitation).unwrap().expose().to_owned(),
            host: invitation.host.clone(),
            address: None,
            requests: roles.iter().map(csr).collect(),
            secrets: vec!["credentials".into()],
        }
    }

    /// Without a certificate.
    async fn joins(&self, request: &JoinRequest) -> (u16, String) {
        let pin = self.root.fingerprint();
        let ca = self.root.certificate_pem();
        let tls = pinned_client_config(ca, &pin, "test", &[Role::Master], &[b"http/1.1"]).unwrap();
        let builder = reqwest::Client::builder().tls_backend_preconfigured((*tls).clone());
        let client = builder.no_proxy().build().unwrap();
        let url = format!("https://{}{JOIN_PATH}", self.address);
        let body = serde_json::to_string(request).unwrap();
        let answer = client.post(url).body(body).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }
}

#[tokio::test]
async fn a_host_joins_with_its_token_once() {
    let bench = Bench::new().await;
    let invitation = bench.invitation();
    let request = bench.asks_to_be(&invitation, &[Role::Agent, Role::Scheduler]);
    // The first answer got lost.
    for _ in 0..2 {
        let (status, body) = bench.joins(&request).await;
        assert_eq!(status, 200, "{body}");
        let answer: JoinAnswer = serde_json::from_str(&body).unwrap();
        assert_eq!(answer.secrets["credentials"], LINE);
        for role in [Role::Agent, Role::Scheduler] {
            let info = inspect(&answer.chains[&role], bench.root.certificate_pem()).unwrap();
            assert_eq!((info.role, info.host.as_str()), (role, "h7"));
            assert_eq!((info.dns, info.ips), (invitation.dns.clone(), invitation.ips.clone()));
        }
    }
    let thief = bench.asks_to_be(&invitation, &[Role::Agent, Role::Scheduler]);
    let (status, words) = bench.joins(&thief).await;
    assert_eq!((status, words.contains("was used on")), (403, true), "{words}");
    assert!(!words.contains(&thief.token[..40]), "{words}");
}

/// Another master may have one that holds.
#[tokio::test]
async fn a_master_whose_own_ca_has_ended_signs_for_nobody() {
    let bench = Bench::new().await;
    let ended = Grant { lifetime: Duration::ZERO, ..Grant::new(Role::Issuer, "m1") };
    issue(&bench.root, bench.dir.path(), &ended);
    let request = bench.asks_to_be(&bench.invitation(), &[Role::Agent]);
    let (status, words) = bench.joins(&request).await;
    assert_eq!((status, words.contains("ended on")), (503, true), "{words}");
}

#[tokio::test]
async fn who_does_not_join_is_told_why() {
    let bench = Bench::new().await;
    let good = bench.invitation();
    let agent = [Role::Agent];
    let ended = Invitation { until: Timestamp::now().as_second() - 1, ..good.clone() };
    let elsewhere = Invitation { desk: mesoform_identity::Desk::Operator, ..good.clone() };
    let mut more = bench.asks_to_be(&good, &agent);
    more.secrets.push("etcd-key".into());
    let mut forged = bench.asks_to_be(&good, &agent);
    forged.token = Authority::create("test").unwrap().invite(&good).unwrap().expose().to_owned();
    for (request, status, told) in [
        (bench.asks_to_be(&ended, &agent), 403, "ended on"),
        (bench.asks_to_be(&elsewhere, &agent), 403, "for `mesoform serve`"),
        (bench.asks_to_be(&good, &[Role::Master]), 403, "`mesoform up` alone"),
        (bench.asks_to_be(&good, &[Role::Quorum]), 403, "the role quorum"),
        (bench.asks_to_be(&good, &[]), 400, "no certificate is asked for"),
        (more, 403, "not for this host"),
        (forged, 403, "not made by the operator"),
    ] {
        let (found, words) = bench.joins(&request).await;
        assert_eq!((found, words.contains(told)), (status, true), "{words}");
    }
    // None of that has used the token up.
    let (status, words) = bench.joins(&bench.asks_to_be(&good, &agent)).await;
    assert_eq!(status, 200, "{words}");
}

#[tokio::test]
async fn an_address_does_not_ask_for_ever() {
    let bench = Bench::new().await;
    let mut request = bench.asks_to_be(&bench.invitation(), &[Role::Agent]);
    request.token = "guess".into();
    let mut codes = Vec::new();
    for _ in 0..40 {
        codes.push(bench.joins(&request).await.0);
    }
    assert!(codes.contains(&403) && codes.last() == Some(&429), "{codes:?}");
}
