//! Two whole masters on a real etcd: readiness, election, the registry, and a leader that goes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test's helpers fail as the test does"
)]

use mesoform_identity::{Authority, Grant, Identity, KeyRequest, Role, write_public, write_secret};
use mesoform_mesos::agent_protocol::{SUBSCRIBE_PATH, Subscribe};
use mesoform_mesos::{AgentInfo, Resource};
use mesoform_settings::{
    FORMAT, HttpSettings, MasterSettings, PkiPaths, QuorumClientSettings, Scheme,
};
use serde_json::Value;
use std::net::Ipv4Addr;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

#[path = "../../../tests/port.rs"]
mod port;

use port::Port;

const PATIENCE: Duration = Duration::from_secs(90);

struct Etcd {
    process: Child,
    port: u16,
    _ports: [Port; 2],
}

impl Drop for Etcd {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
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

fn start_etcd(dir: &Path, pki: &PkiPaths) -> Etcd {
    let ports = [Port::reserve(), Port::reserve()];
    let [client, peer] = ports.each_ref().map(Port::address);
    let (client, peer) = (format!("https://{client}"), format!("http://{peer}"));
    let log = std::fs::File::create(dir.join("etcd.log")).unwrap();
    let process = Command::new("etcd")
        .args(["--name", "m0", "--data-dir"])
        .arg(dir.join("etcd"))
        .args(["--listen-client-urls", &client, "--advertise-client-urls", &client])
        .args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer])
        .args(["--initial-cluster", &format!("m0={peer}"), "--client-cert-auth"])
        .args([Path::new("--trusted-ca-file"), &pki.ca, Path::new("--cert-file"), &pki.cert])
        .args([Path::new("--key-file"), &pki.key])
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap();
    Etcd { process, port: ports[0].address().port(), _ports: ports }
}

fn settings(host: &str, pki: PkiPaths, etcd: &Etcd, [http, agents]: [&Port; 2]) -> MasterSettings {
    MasterSettings {
        format: FORMAT,
        cluster: "demo".into(),
        hostname: host.into(),
        http: HttpSettings {
            listen: http.address(),
            advertise: http.address().to_string(),
            scheme: Scheme::Https,
            credentials: None,
        },
        listen_agents: agents.address(),
        advertise_agents: agents.address().to_string(),
        quorum: QuorumClientSettings::own(vec![format!("127.0.0.1:{}", etcd.port)]),
        pki,
        renewal: None,
        agent_ping_ms: 10_000,
        agent_ping_misses: 5,
        agent_reregister_ms: 600_000,
        // Nobody is deposed since the machine is busy.
        leadership_ttl_ms: 30_000,
    }
}

struct Master {
    settings: MasterSettings,
    shutdown: CancellationToken,
    task: tokio::task::JoinHandle<Result<(), mesoform_master::MasterError>>,
}

impl Master {
    fn start(settings: MasterSettings) -> Self {
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(mesoform_master::run(settings.clone(), shutdown.clone()));
        Self { settings, shutdown, task }
    }

    async fn status(&self, http: &reqwest::Client) -> Value {
        let url = format!("https://{}/mesoform/status", self.settings.http.advertise);
        match http.get(url).send().await {
            Ok(reply) => serde_json::from_slice(&reply.bytes().await.unwrap()).unwrap(),
            Err(_) => Value::Null,
        }
    }

    /// Asks until the answer is as wanted.
    async fn until(&self, http: &reqwest::Client, wanted: impl Fn(&Value) -> bool) -> Value {
        let asking = async {
            loop {
                let status = self.status(http).await;
                if wanted(&status) {
                    return status;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, asking).await.expect("the wanted status")
    }

    async fn stop(self) {
        self.shutdown.cancel();
        tokio::time::timeout(PATIENCE, self.task).await.unwrap().unwrap().unwrap();
    }
}

fn client(paths: &PkiPaths) -> reqwest::Client {
    let tls = Identity::load(paths).unwrap().client_config(&[b"h2", b"http/1.1"]).unwrap();
    let builder = reqwest::Client::builder();
    builder.tls_backend_preconfigured(rustls::ClientConfig::clone(&tls)).build().unwrap()
}

fn subscribe() -> Subscribe {
    let resources = vec![Resource::scalar("cpus", 2.0), Resource::scalar("mem", 1024.0)];
    let info = AgentInfo { hostname: "a1".into(), resources, ..AgentInfo::default() };
    Subscribe {
        protocol: 1,
        agent_id: None,
        info,
        tasks: Vec::new(),
        seen_leadership: 0,
        seen_quorum: None,
    }
}

/// Hears what the supervisor is told.
struct Supervisor {
    socket: tokio::net::UnixDatagram,
    said: String,
}

impl Supervisor {
    fn new(socket: UnixDatagram) -> Self {
        Self { socket: tokio::net::UnixDatagram::from_std(socket).unwrap(), said: String::new() }
    }

    /// Waits until it has been told this.
    async fn hears(&mut self, words: &str) {
        let mut buffer = [0; 4096];
        while !self.said.contains(words) {
            let next = tokio::time::timeout(PATIENCE, self.socket.recv(&mut buffer)).await;
            let read = next.expect(words).unwrap();
            self.said.push_str(&String::from_utf8_lossy(&buffer[..read]));
        }
    }
}

async fn story(dir: &Path, supervisor: UnixDatagram) {
    let mut supervisor = Supervisor::new(supervisor);
    let authority = Authority::create("demo").unwrap();
    let operator = client(&issue(&authority, dir, Role::Operator, "operator"));
    let pki = ["m1", "m2"].map(|host| issue(&authority, dir, Role::Master, host));
    let quorum = issue(&authority, dir, Role::Quorum, "q1");
    let etcd = start_etcd(dir, &quorum);
    let [a, b, c, d] = &[(); 4].map(|()| Port::reserve());
    let [first, second] = pki;
    let first = Master::start(settings("m1", first, &etcd, [a, b]));
    supervisor.hears("STATUS=waiting for consensus").await;
    supervisor.hears("READY=1").await;
    supervisor.hears("STATUS=leading since revision ").await;
    first.until(&operator, |status| status["leading"] == true).await;
    let second = Master::start(settings("m2", second, &etcd, [c, d]));
    let standby = second.until(&operator, |s| s["leader"]["host"] == "m1").await;
    supervisor.hears("STATUS=standing by; m1 leads").await;
    assert_eq!(standby["leading"], false);
    assert_eq!(standby["leader"]["agents"], first.settings.advertise_agents.as_str());

    // Asked at the standby, which redirects.
    let agent = client(&issue(&authority, dir, Role::Agent, "a1"));
    let url = format!("https://{}{SUBSCRIBE_PATH}", second.settings.advertise_agents);
    let mut orders = agent.post(url).json(&subscribe()).send().await.unwrap();
    assert_eq!(orders.status(), 200);
    let order = String::from_utf8(orders.chunk().await.unwrap().unwrap().to_vec()).unwrap();
    assert!(order.contains(r#""type":"registered""#), "{order}");
    let status = first.until(&operator, |s| s["agents"][0]["registered"] == true).await;
    let before = status["leadership"].as_i64().unwrap();

    // A stolen agent's certificate is no framework's.
    let url = format!("https://{}/api/v1/scheduler", first.settings.http.advertise);
    let call = serde_json::json!({"type": "SUBSCRIBE", "subscribe": {"framework_info": {}}});
    let thief = agent.post(url).json(&call).send().await.unwrap();
    assert_eq!(thief.status(), 403);

    first.stop().await;
    let status = second.until(&operator, |status| status["leading"] == true).await;
    assert!(status["leadership"].as_i64().unwrap() > before);
    supervisor.hears(&format!("STATUS=leading since revision {}", status["leadership"])).await;
    assert_eq!(status["agents"][0]["hostname"], "a1", "from the registry");
    assert_eq!(status["agents"][0]["registered"], false);

    second.stop().await;
}

#[test]
fn masters_follow_each_other() {
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
    runtime.block_on(story(dir.path(), supervisor));
}
