use crate::client::Client;
use crate::keys::issue;
use mesoform_etcd::pb::StatusRequest;
use mesoform_identity::{Authority, Identity, Role};
use mesoform_settings::{PkiPaths, QuorumSettings, Voter};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Longer than anything here may take.
const PATIENCE: Duration = Duration::from_secs(60);
const MEMBERS: u8 = 3;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Ours,
    Etcd,
}

/// Three members on this machine, ended with this value.
pub struct Cluster {
    pub kind: Kind,
    pub identity: Identity,
    pub members: Vec<Member>,
    /// From the first process to the first linearizable read at every member.
    pub start: Duration,
}

pub struct Member {
    pub address: String,
    pub data: PathBuf,
    command: Command,
    process: Child,
}

impl Drop for Member {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Cluster {
    /// None: it is not installed.
    pub async fn start(kind: Kind, dir: &Path) -> Option<Self> {
        let authority = Authority::create("bench").unwrap();
        let operator = issue(&authority, &dir.join("operator"), Role::Operator, "bench");
        let voters = voters();
        let commands: Vec<_> = voters
            .iter()
            .map(|voter| {
                let home = dir.join(&voter.name);
                let pki = issue(&authority, &home, Role::Quorum, &voter.name);
                let data = home.join("data");
                let command = match kind {
                    Kind::Ours => ours(voter, &voters, &home, pki),
                    Kind::Etcd => etcd(voter, &voters, &data, &pki),
                };
                (voter.client.clone(), data, command)
            })
            .collect();
        let begin = Instant::now();
        let members = commands
            .into_iter()
            .map(|(address, data, command)| Member::start(address, data, command));
        let members = members.collect::<Option<Vec<_>>>()?;
        let identity = Identity::load(&operator).unwrap();
        let mut cluster = Self { kind, identity, members, start: Duration::ZERO };
        cluster.ready().await;
        cluster.start = begin.elapsed();
        Some(cluster)
    }

    /// Waits until every member makes linearizable reads.
    pub async fn ready(&self) {
        for client in self.clients() {
            until_ok(|| {
                let mut client = client.clone();
                async move { client.get("ready".to_owned(), false).await.is_ok() }
            })
            .await;
        }
    }

    /// One connection to each member.
    pub fn clients(&self) -> Vec<Client> {
        let connect = |member: &Member| Client::connect(&self.identity, &member.address);
        self.members.iter().map(connect).collect()
    }

    /// So many connections, spread over all members; a single one goes to the leader.
    pub async fn connections(&self, count: usize) -> Vec<Client> {
        let leader = self.leader().await;
        let member = |n: usize| &self.members[(leader + n) % self.members.len()].address;
        (0..count).map(|n| Client::connect(&self.identity, member(n))).collect()
    }

    /// The place of the leading member.
    pub async fn leader(&self) -> usize {
        for (place, mut client) in self.clients().into_iter().enumerate() {
            let status = client.maintenance.status(StatusRequest {}).await.unwrap().into_inner();
            if status.header.unwrap().member_id == status.leader {
                return place;
            }
        }
        panic!("nobody leads");
    }

    /// CPU seconds that the members have used.
    pub fn cpu(&self) -> f64 {
        self.members.iter().map(Member::cpu).sum()
    }
}

impl Member {
    fn start(address: String, data: PathBuf, mut command: Command) -> Option<Self> {
        let process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()?;
        Some(Self { address, data, command, process })
    }

    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    pub fn restart(&mut self) {
        self.process = self.command.spawn().unwrap();
    }

    /// Resident memory, in bytes.
    pub fn resident(&self) -> u64 {
        let path = format!("/proc/{}/status", self.process.id());
        let status = std::fs::read_to_string(path).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
    }

    /// Bytes that the data takes on the disk.
    pub fn stored(&self) -> u64 {
        let out = Command::new("du").arg("-sB1").arg(&self.data).output().unwrap().stdout;
        let text = String::from_utf8(out).unwrap();
        text.split_whitespace().next().unwrap().parse().unwrap()
    }

    fn cpu(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id()));
        let Ok(stat) = stat else { return 0.0 };
        let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
        let ticks: u64 = [11, 12].iter().map(|n| fields[*n].parse::<u64>().unwrap()).sum();
        // The kernel's USER_HZ.
        ticks as f64 / 100.0
    }
}

/// Asks again and again.
pub async fn until_ok<F: Future<Output = bool>>(ask: impl Fn() -> F) {
    let begin = Instant::now();
    while !tokio::time::timeout(Duration::from_secs(2), ask()).await.unwrap_or(false) {
        assert!(begin.elapsed() < PATIENCE, "it does not come up");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

fn voters() -> Vec<Voter> {
    // Held until all are chosen, so that no two are the same.
    let mut held = Vec::new();
    let mut port = || {
        let port = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = port.local_addr().unwrap().to_string();
        held.push(port);
        address
    };
    let voter = |slot| Voter { slot, name: format!("h{slot}"), peer: port(), client: port() };
    (1..=MEMBERS).map(voter).collect()
}

fn ours(voter: &Voter, voters: &[Voter], home: &Path, pki: PkiPaths) -> Command {
    let settings = QuorumSettings {
        format: 1,
        cluster: "bench".to_owned(),
        slot: voter.slot,
        voters: voters.to_vec(),
        listen_client: voter.client.parse().unwrap(),
        listen_peer: voter.peer.parse().unwrap(),
        data_dir: home.join("data"),
        pki,
        heartbeat_ms: 100,
        election_timeout_ms: 1000,
    };
    let file = home.join("quorum.yml");
    // JSON is YAML.
    std::fs::write(&file, serde_json::to_vec(&settings).unwrap()).unwrap();
    let binary = std::env::var("MESOFORM_BIN").expect("MESOFORM_BIN names the static binary");
    let mut command = Command::new(binary);
    command.args(["quorum", "--config"]).arg(file);
    command
}

/// With etcd's own times, and the same encryption everywhere.
fn etcd(voter: &Voter, voters: &[Voter], data: &Path, pki: &PkiPaths) -> Command {
    let url = |address: &str| format!("https://{address}");
    let all: Vec<String> =
        voters.iter().map(|voter| format!("{}={}", voter.name, url(&voter.peer))).collect();
    let mut command = Command::new("etcd");
    command.args(["--name", &voter.name, "--initial-cluster", &all.join(",")]);
    command.arg("--data-dir").arg(data);
    for side in ["client", "peer"] {
        let address = url(if side == "client" { &voter.client } else { &voter.peer });
        let advertise = if side == "client" {
            "--advertise-client-urls"
        } else {
            "--initial-advertise-peer-urls"
        };
        command.args([&format!("--listen-{side}-urls"), &address]).args([advertise, &address]);
    }
    for prefix in ["", "peer-"] {
        command.arg(format!("--{prefix}client-cert-auth"));
        command.arg(format!("--{prefix}cert-file")).arg(&pki.cert);
        command.arg(format!("--{prefix}key-file")).arg(&pki.key);
        command.arg(format!("--{prefix}trusted-ca-file")).arg(&pki.ca);
    }
    command
}
