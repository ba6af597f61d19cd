//! Two whole schedulers on a real etcd: readiness, election, requests passed on, a leader that goes,
//! and a quorum that is lost. No master is there: nothing needs to run for that.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test's helpers fail as the test does"
)]

use mesoform_identity::{Authority, Grant, Identity, KeyRequest, Role, write_public, write_secret};
use mesoform_settings::{
    FORMAT, HttpSettings, PkiPaths, QuorumClientSettings, SchedulerSettings, Scheme,
};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use std::net::Ipv4Addr;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

#[path = "../../../tests/port.rs"]
mod port;

use port::Port;

const PATIENCE: Duration = Duration::from_secs(90);

struct Etcd(Child);

impl Drop for Etcd {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn etcd_is_here() -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    if std::env::split_paths(&path).any(|dir| dir.join("etcd").is_file()) {
        return true;
    }
    assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "etcd is not in PATH");
    eprintln!("DID NOT RUN: etcd is not in PATH");
    false
}

fn issue(authority: &Authority, dir: &Path, role: Role, host: &str) -> PkiPaths {
    let dir = dir.join(host);
    std::fs::create_dir_all(&dir).unwrap();
    let paths = PkiPaths::in_dir(&dir, role.as_str());
    let request = KeyRequest::generate().unwrap();
    let grant = Grant { ips: vec![Ipv4Addr::LOCALHOST.into()], ..Grant::new(role, host) };
    write_public(&paths.ca, authority.certificate_pem().as_bytes()).unwrap();
    write_secret(&paths.key, request.key_pem.expose().as_bytes()).unwrap();
    let chain = authority.sign(&request.csr_pem, &grant).unwrap();
    write_public(&paths.cert, chain.as_bytes()).unwrap();
    paths
}

fn start_etcd(dir: &Path, pki: &PkiPaths, [client, peer]: &[Port; 2]) -> Etcd {
    let (client, peer) = (client.address(), peer.address());
    let (client, peer) = (format!("https://{client}"), format!("http://{peer}"));
    let log = std::fs::File::create(dir.join("etcd.log")).unwrap();
    let process = Command::new("etcd")
        .args(["--name", "s0", "--data-dir"])
        .arg(dir.join("etcd"))
        .args(["--listen-client-urls", &client, "--advertise-client-urls", &client])
        .args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer])
        .args(["--initial-cluster", &format!("s0={peer}"), "--client-cert-auth"])
        .args([Path::new("--trusted-ca-file"), &pki.ca, Path::new("--cert-file"), &pki.cert])
        .args([Path::new("--key-file"), &pki.key])
        .stdout(Stdio::null())
        .stderr(log)
        .spawn();
    Etcd(process.unwrap())
}

struct Scheduler {
    address: String,
    http: Client,
    shutdown: CancellationToken,
    /// Its own, and one where nobody is.
    _ports: [Port; 2],
    task: tokio::task::JoinHandle<Result<(), mesoform_scheduler::SchedulerError>>,
}

impl Scheduler {
    fn start(host: &str, pki: PkiPaths, etcd: u16, http: &Client) -> Self {
        let ports = [Port::reserve(), Port::reserve()];
        let [listen, nobody] = ports.each_ref().map(Port::address);
        let address = listen.to_string();
        let settings = SchedulerSettings {
            format: FORMAT,
            cluster: "demo".into(),
            hostname: host.into(),
            http: HttpSettings {
                listen,
                advertise: address.clone(),
                scheme: Scheme::Https,
                credentials: None,
            },
            masters: vec![nobody.to_string()],
            quorum: QuorumClientSettings::own(vec![format!("127.0.0.1:{etcd}")]),
            pki,
            failover_timeout_ms: 60_000,
            // Nobody is deposed since the machine is busy.
            leadership_ttl_ms: 15_000,
        };
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(mesoform_scheduler::run(settings, shutdown.clone()));
        Self { address, http: http.clone(), shutdown, _ports: ports, task }
    }

    async fn ask(&self, method: Method, path: &str, body: &Value) -> (StatusCode, Value) {
        let url = format!("https://{}{path}", self.address);
        let request = self.http.request(method, url).body(body.to_string());
        match request.send().await {
            Ok(reply) => {
                let status = reply.status();
                let body = reply.bytes().await.unwrap();
                (status, serde_json::from_slice(&body).unwrap_or_default())
            }
            Err(_) => (StatusCode::IM_A_TEAPOT, Value::Null),
        }
    }

    async fn get(&self, path: &str) -> (StatusCode, Value) {
        self.ask(Method::GET, path, &Value::Null).await
    }

    /// Asks for its status until it is as wanted.
    async fn until(&self, wanted: impl Fn(&Value) -> bool) {
        let asking = async {
            while !wanted(&self.get("/mesoform/status").await.1) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, asking).await.expect("the wanted status");
    }

    async fn stop(self) {
        self.shutdown.cancel();
        tokio::time::timeout(PATIENCE, self.task).await.unwrap().unwrap().unwrap();
    }
}

fn client(paths: &PkiPaths) -> Client {
    let tls = Identity::load(paths).unwrap().client_config(&[b"h2", b"http/1.1"]).unwrap();
    let builder = Client::builder();
    builder.tls_backend_preconfigured(rustls::ClientConfig::clone(&tls)).build().unwrap()
}

/// What the supervisor has been told so far, in one text.
fn heard(socket: &UnixDatagram) -> String {
    let mut all = String::new();
    let mut buffer = [0; 4096];
    while let Ok(read) = socket.recv(&mut buffer) {
        all.push_str(&String::from_utf8_lossy(&buffer[..read]));
        all.push('\n');
    }
    all
}

/// The same, once all of `words` are in it.
async fn until_heard(socket: &UnixDatagram, words: &[&str]) -> String {
    let (mut said, start) = (String::new(), Instant::now());
    while let Some(missing) = words.iter().find(|words| !said.contains(**words)) {
        assert!(start.elapsed() < PATIENCE, "{missing}: {said}");
        said += &heard(socket);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    said
}

async fn story(dir: &Path, supervisor: &UnixDatagram) {
    let authority = Authority::create("demo").unwrap();
    let operator = client(&issue(&authority, dir, Role::Operator, "operator"));
    let quorum = issue(&authority, dir, Role::Quorum, "q1");
    let ports = &[Port::reserve(), Port::reserve()];
    let etcd = ports[0].address().port();
    let pki = |host: &str| issue(&authority, dir, Role::Scheduler, host);

    let first = Scheduler::start("h1", pki("h1"), etcd, &operator);
    first.until(|status| status["leading"] == false).await;
    let (code, refusal) = first.get("/v2/apps").await;
    assert_eq!(code, StatusCode::SERVICE_UNAVAILABLE);
    assert!(refusal["message"].as_str().unwrap().contains("lost consensus"), "{refusal}");
    let said = until_heard(supervisor, &["STATUS=waiting for consensus: the quorum has not"]).await;
    assert!(!said.contains("READY"), "{said}");

    let running = start_etcd(dir, &quorum, ports);
    first.until(|status| status["leading"] == true).await;
    let second = Scheduler::start("h2", pki("h2"), etcd, &operator);
    second.until(|status| status["leader"]["host"] == "h1").await;

    let app = json!({ "id": "/web", "cmd": "serve" });
    let (code, created) = second.ask(Method::POST, "/v2/apps", &app).await;
    assert_eq!(code, StatusCode::CREATED, "passed on to the leader: {created}");
    assert_eq!(first.get("/v2/apps/web").await.1["app"]["version"], created["version"]);

    first.stop().await;
    second.until(|status| status["leading"] == true && status["apps"] == 1).await;
    let locked = second.ask(Method::PUT, "/v2/apps/web", &json!({ "cmd": "x" })).await;
    assert_eq!(locked.0, StatusCode::CONFLICT, "the deployment goes on: {}", locked.1);
    let words = ["READY=1", "standing by; 127.0.0.1:", "leading, waiting for a master"];
    until_heard(supervisor, &words).await;

    drop(running);
    let change = json!({ "instances": 5 });
    let (code, refusal) = second.ask(Method::PUT, "/v2/apps/web?force=true", &change).await;
    assert_eq!(code, StatusCode::SERVICE_UNAVAILABLE, "{refusal}");
    let _running = start_etcd(dir, &quorum, ports);
    second.until(|status| status["leading"] == true && status["apps"] == 1).await;
    // It may lead on without having noticed that the quorum was away.
    let start = Instant::now();
    let again = loop {
        let again = second.ask(Method::PUT, "/v2/apps/web?force=true", &change).await;
        if again.0 != StatusCode::SERVICE_UNAVAILABLE || start.elapsed() > PATIENCE {
            break again;
        }
    };
    assert_eq!(again.0, StatusCode::OK, "{}", again.1);
    second.stop().await;
}

#[test]
fn schedulers_follow_each_other() {
    if !etcd_is_here() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("notify");
    let supervisor = UnixDatagram::bind(&socket).unwrap();
    supervisor.set_nonblocking(true).unwrap();
    // SAFETY: this is the only test of this program, and no other thread runs yet.
    unsafe { std::env::set_var("NOTIFY_SOCKET", &socket) };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(story(dir.path(), &supervisor));
}
