//! Real etcd clusters on free ports of 127.0.0.1.

use mesoform_coordination::{Coordination, CoordinationError, Leadership, Op};
use mesoform_identity::{Authority, Grant, Identity, KeyRequest, Role, write_public, write_secret};
use mesoform_settings::{PkiPaths, QuorumClientSettings};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tokio::time::timeout;

#[path = "../../../../tests/port.rs"]
mod port;

use port::Port;

/// Far more than anything in these tests takes.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// Runs `future`, which must end within [`PATIENCE`].
pub async fn soon<T>(future: impl Future<Output = T>) -> T {
    timeout(PATIENCE, future).await.expect("this takes too long")
}

/// Whether the original is here; without it a test has nothing to say.
pub fn is_here() -> bool {
    let found = |program: &str| {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).any(|dir| dir.join(program).is_file())
    };
    if found("etcd") && found("etcdctl") {
        return true;
    }
    assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "etcd or etcdctl is not in PATH");
    eprintln!("DID NOT RUN: etcd or etcdctl is not in PATH");
    false
}

/// A machine that is busy with other things must not cause elections.
const WITHOUT_HASTE: [&str; 4] = ["--heartbeat-interval", "100", "--election-timeout", "2000"];

/// Certificates of one cluster.
pub struct Pki {
    authority: Authority,
    dir: tempfile::TempDir,
}

impl Pki {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self { authority: Authority::create("demo").unwrap(), dir }
    }

    pub fn paths(&self, role: Role) -> PkiPaths {
        let paths = PkiPaths::in_dir(self.dir.path(), role.as_str());
        if paths.cert.exists() {
            return paths;
        }
        let request = KeyRequest::generate().unwrap();
        let grant = Grant { ips: vec![Ipv4Addr::LOCALHOST.into()], ..Grant::new(role, "h1") };
        let chain = self.authority.sign(&request.csr_pem, &grant).unwrap();
        write_public(&paths.ca, self.authority.certificate_pem().as_bytes()).unwrap();
        write_secret(&paths.key, request.key_pem.expose().as_bytes()).unwrap();
        write_public(&paths.cert, chain.as_bytes()).unwrap();
        paths
    }

    pub fn identity(&self, role: Role) -> Identity {
        Identity::load(&self.paths(role)).unwrap()
    }
}

/// A running etcd cluster; it is killed when dropped.
pub struct Etcd {
    pub pki: Pki,
    /// Of the servers' certificates; none: plain HTTP.
    role: Option<Role>,
    members: Vec<Member>,
    peers: String,
}

struct Member {
    name: String,
    dir: PathBuf,
    client: Port,
    peer: Port,
    process: Option<Child>,
}

impl Etcd {
    /// `None` where etcd is not here.
    pub async fn start(members: usize) -> Option<Self> {
        Self::start_as(members, Role::Quorum).await
    }

    /// As [`Self::start`], with server certificates of another role.
    pub async fn start_as(members: usize, role: Role) -> Option<Self> {
        if !is_here() {
            return None;
        }
        Self::start_with(members, Some(role)).await
    }

    /// As [`Self::start`], without TLS.
    pub async fn start_plain(members: usize) -> Option<Self> {
        if !is_here() {
            return None;
        }
        Self::start_with(members, None).await
    }

    async fn start_with(members: usize, role: Option<Role>) -> Option<Self> {
        let etcd = Self::launch(members, role);
        if role == Some(Role::Quorum) {
            let client = etcd.client(Role::Master);
            soon(async { while client.consensus().await.is_err() {} }).await;
        }
        Some(etcd)
    }

    fn launch(members: usize, role: Option<Role>) -> Self {
        let pki = Pki::new();
        let member = |at: usize| Member {
            name: format!("m{at}"),
            dir: pki.dir.path().join(format!("m{at}")),
            client: Port::reserve(),
            peer: Port::reserve(),
            process: None,
        };
        let members: Vec<Member> = (0..members).map(member).collect();
        let peers: Vec<String> =
            members.iter().map(|one| format!("{}={}", one.name, one.peer_url())).collect();
        let mut etcd = Self { pki, role, members, peers: peers.join(",") };
        (0..etcd.members.len()).for_each(|at| etcd.spawn(at));
        etcd
    }

    fn spawn(&mut self, at: usize) {
        let pki = self.role.map(|role| self.pki.paths(role));
        let process = self.members[at].command(&self.peers, pki.as_ref()).spawn().unwrap();
        self.members[at].process = Some(process);
    }

    pub fn settings(&self) -> QuorumClientSettings {
        let endpoints = self.members.iter().map(|one| one.client.address().to_string());
        QuorumClientSettings::own(endpoints.collect())
    }

    pub fn client(&self, role: Role) -> Coordination {
        Coordination::connect(&self.settings(), &self.pki.identity(role)).unwrap()
    }

    /// A client of one member only.
    pub fn client_of(&self, at: usize) -> Coordination {
        let endpoints = vec![self.settings().endpoints.remove(at)];
        let identity = self.pki.identity(Role::Master);
        Coordination::connect(&QuorumClientSettings::own(endpoints), &identity).unwrap()
    }

    fn signal(&self, at: usize, signal: Signal) {
        let process = self.members[at].process.as_ref().unwrap();
        kill(Pid::from_raw(process.id().try_into().unwrap()), signal).unwrap();
    }

    /// Stops a member where it stands: its connections stay open.
    pub fn freeze(&self, at: usize) {
        self.signal(at, Signal::SIGSTOP);
    }

    pub fn thaw(&self, at: usize) {
        self.signal(at, Signal::SIGCONT);
    }

    pub fn kill(&mut self, at: usize) {
        let mut process = self.members[at].process.take().unwrap();
        process.kill().unwrap();
        process.wait().unwrap();
    }

    /// Starts a killed member again, and waits until it takes part.
    pub async fn revive(&mut self, at: usize) {
        self.spawn(at);
        let client = self.client_of(at);
        soon(async { while client.consensus().await.is_err() {} }).await;
    }

    /// Runs `etcdctl` as the operator and returns its output.
    pub fn ctl(&self, arguments: &[&str]) -> String {
        self.try_ctl(arguments).unwrap()
    }

    pub fn try_ctl(&self, arguments: &[&str]) -> Result<String, String> {
        let pki = self.pki.paths(Role::Operator);
        let flag = |name: &str, path: &Path| format!("--{name}={}", path.display());
        let endpoints = self.settings().endpoints.into_iter().map(|one| format!("https://{one}"));
        let output = Command::new("etcdctl")
            .env("ETCDCTL_API", "3")
            .arg(format!("--endpoints={}", endpoints.collect::<Vec<_>>().join(",")))
            .args([flag("cacert", &pki.ca), flag("cert", &pki.cert), flag("key", &pki.key)])
            .args(arguments)
            .output()
            .unwrap();
        match output.status.success() {
            true => Ok(String::from_utf8(output.stdout).unwrap()),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        }
    }
}

impl Drop for Etcd {
    fn drop(&mut self) {
        for process in self.members.iter_mut().filter_map(|one| one.process.as_mut()) {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

impl Member {
    fn peer_url(&self) -> String {
        format!("http://{}", self.peer.address())
    }

    fn command(&self, peers: &str, pki: Option<&PkiPaths>) -> Command {
        let scheme = if pki.is_some() { "https" } else { "http" };
        let client = format!("{scheme}://{}", self.client.address());
        let mut command = Command::new("etcd");
        command
            .args(["--name", &self.name, "--data-dir"])
            .arg(&self.dir)
            .args(["--listen-client-urls", &client, "--advertise-client-urls", &client])
            .args(["--listen-peer-urls", &self.peer_url()])
            .args(["--initial-advertise-peer-urls", &self.peer_url()])
            .args(["--initial-cluster", peers])
            .args(WITHOUT_HASTE);
        if let Some(pki) = pki {
            command.args(["--client-cert-auth", "--trusted-ca-file"]).arg(&pki.ca);
            command.arg("--cert-file").arg(&pki.cert).arg("--key-file").arg(&pki.key);
        }
        let log = std::fs::File::create(self.dir.with_extension("log")).unwrap();
        command.stdout(Stdio::null()).stderr(log);
        command
    }
}

/// Campaigns for `election` with `name` as the candidate.
pub async fn elected(client: &Coordination, election: &str, name: &str, ttl: u64) -> Leadership {
    let ttl = Duration::from_secs(ttl);
    soon(client.campaign(election, name.into(), ttl)).await.unwrap()
}

pub async fn put(leader: &Leadership, key: &str, value: &str) -> i64 {
    leader.write(vec![Op::put(key, value)]).await.unwrap()
}

pub async fn value_of(
    client: &Coordination,
    key: &str,
) -> Result<Option<String>, CoordinationError> {
    let entry = client.get(key).await?;
    Ok(entry.map(|entry| String::from_utf8(entry.value).unwrap()))
}

pub fn since(start: Instant) -> Duration {
    start.elapsed()
}
