//! A cluster of voters in this process, each in a runtime of its own that can be killed, and clients
//! with certificates of any role.

// Helpers of tests, though not themselves marked as such.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod client;
mod pki;
#[path = "../../../../tests/port.rs"]
mod port;

#[allow(unused_imports)]
pub use client::{Answers, Client, Watch, b};
#[allow(unused_imports)]
pub use port::Port;

use mesoform_identity::{Authority, Role};
use mesoform_quorum::Tuning;
use mesoform_settings::{PkiPaths, QuorumSettings, Voter};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Longer than anything here should ever take, on a machine that has much else to do.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub struct Cluster {
    dir: TempDir,
    authority: Authority,
    voters: Vec<Voter>,
    /// Nobody else gets these, also while their voters do not run.
    _ports: Vec<Port>,
    /// The slots that the settings name from now on.
    wanted: Vec<u8>,
    running: Vec<Option<Running>>,
    tuning: Tuning,
    election: Duration,
}

/// Longer than this machine, or its disk, is busy with other things: nobody stands for election to whom the
/// test gave no cause.
const ELECTION: Duration = Duration::from_secs(1);
/// Nobody stands against a voter that is alone.
const ALONE: Duration = Duration::from_millis(300);

struct Running {
    runtime: Option<Runtime>,
    shutdown: CancellationToken,
    voter: JoinHandle<()>,
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Cluster {
    /// A cluster of so many voters, none of which runs yet.
    pub async fn of(count: u8) -> Self {
        Self::tuned(count, Tuning::default()).await
    }

    pub async fn tuned(count: u8, tuning: Tuning) -> Self {
        // RUST_LOG shows what the voters do; a second cluster in the process changes nothing.
        let _ = tracing_subscriber::fmt()
            .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
            .with_writer(std::io::stderr)
            .try_init();
        let dir = tempfile::tempdir().unwrap();
        let authority = Authority::create("test").unwrap();
        for role in [Role::Operator, Role::Quorum, Role::Agent] {
            pki::issue(&authority, &dir.path().join(role.as_str()), role, "somewhere");
        }
        let mut voters = Vec::new();
        let mut held = Vec::new();
        for slot in 1..=count {
            let name = format!("h{slot}");
            pki::issue(&authority, &dir.path().join(&name), Role::Quorum, &name);
            let (client, peer) = (Port::reserve(), Port::reserve());
            voters.push(Voter {
                slot,
                name,
                peer: peer.address().to_string(),
                client: client.address().to_string(),
            });
            held.extend([client, peer]);
        }
        let running = voters.iter().map(|_| None).collect();
        let wanted = (1..=count).collect();
        let election = if count == 1 { ALONE } else { ELECTION };
        Self { dir, authority, voters, _ports: held, wanted, running, tuning, election }
    }

    /// A cluster whose voters all run.
    pub async fn up(count: u8) -> Self {
        let mut cluster = Self::of(count).await;
        for slot in 1..=count {
            cluster.start(slot).await;
        }
        cluster
    }

    /// From now on voters start with this for an election time-out.
    pub fn elect_within(&mut self, election: Duration) {
        self.election = election;
    }

    /// As [`Self::up`], with an election that takes long.
    pub async fn slow(count: u8, election: Duration) -> Self {
        let mut cluster = Self::of(count).await;
        cluster.elect_within(election);
        for slot in 1..=count {
            cluster.start(slot).await;
        }
        cluster
    }

    pub async fn start(&mut self, slot: u8) {
        let settings = self.settings(slot);
        let (peer, client) = (bind(settings.listen_peer).await, bind(settings.listen_client).await);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let shutdown = CancellationToken::new();
        let (token, tuning) = (shutdown.clone(), self.tuning.clone());
        let voter = runtime.spawn(async move {
            loop {
                let (peer, client) = (again(&peer), again(&client));
                let ran = mesoform_quorum::serve(
                    settings.clone(),
                    tuning.clone(),
                    peer,
                    client,
                    token.clone(),
                );
                match ran.await {
                    // The one that was killed has not let go yet.
                    Err(
                        mesoform_quorum::QuorumError::Locked { .. }
                        | mesoform_quorum::QuorumError::Database { .. },
                    ) => {
                        tokio::time::sleep(Duration::from_millis(10)).await;
                    }
                    Err(error) => panic!("voter {}: {error}", settings.slot),
                    Ok(()) => return,
                }
            }
        });
        self.running[usize::from(slot) - 1] =
            Some(Running { runtime: Some(runtime), shutdown, voter });
    }

    /// Ends a voter at once: whatever it was doing stays half done.
    pub fn kill(&mut self, slot: u8) {
        drop(self.running[usize::from(slot) - 1].take().expect("it does not run"));
    }

    /// Ends a voter as the service manager does.
    pub async fn stop(&mut self, slot: u8) {
        let mut running = self.running[usize::from(slot) - 1].take().expect("it does not run");
        running.shutdown.cancel();
        let ended = tokio::time::timeout(PATIENCE, &mut running.voter).await;
        ended.expect("it does not end").unwrap();
        let runtime = running.runtime.take().expect("it does not run");
        let ended = move || runtime.shutdown_timeout(PATIENCE);
        tokio::task::spawn_blocking(ended).await.unwrap();
    }

    /// Gives a voter a new key and a certificate for so long.
    pub fn renew(&self, slot: u8, lifetime: Duration) {
        let name = &self.voters[usize::from(slot) - 1].name;
        let home = self.dir.path().join(name);
        pki::issue_for(&self.authority, &home, Role::Quorum, name, lifetime);
    }

    /// From now on voters start with settings that have this voter's peers come in at `peer`
    /// (`host:port`). Returns where they have come in.
    pub fn readdress(&mut self, slot: u8, peer: &str) -> String {
        std::mem::replace(&mut self.voters[usize::from(slot) - 1].peer, peer.to_owned())
    }

    /// From now on voters start with settings that call this voter so. It has no keys under that name.
    pub fn rename(&mut self, slot: u8, name: &str) {
        name.clone_into(&mut self.voters[usize::from(slot) - 1].name);
    }

    /// From now on voters start with settings that name these.
    pub fn want(&mut self, slots: &[u8]) {
        self.wanted = slots.to_vec();
    }

    fn wanted(&self) -> impl Iterator<Item = Voter> {
        self.voters.iter().filter(|voter| self.wanted.contains(&voter.slot)).cloned()
    }

    /// Takes a voter's data away.
    pub fn wipe(&self, slot: u8) {
        std::fs::remove_dir_all(self.settings(slot).data_dir).unwrap();
    }

    pub fn slots(&self) -> Vec<u8> {
        self.voters.iter().map(|voter| voter.slot).collect()
    }

    pub fn settings(&self, slot: u8) -> QuorumSettings {
        let voter = &self.voters[usize::from(slot) - 1];
        let home = self.dir.path().join(&voter.name);
        QuorumSettings {
            format: 1,
            cluster: self.authority.cluster().to_owned(),
            slot,
            voters: self.wanted().collect(),
            listen_client: voter.client.parse().unwrap(),
            listen_peer: voter.peer.parse().unwrap(),
            data_dir: home.join("data"),
            pki: PkiPaths::in_dir(&home, "quorum"),
            heartbeat_ms: 100,
            election_timeout_ms: self.election.as_millis().try_into().unwrap(),
        }
    }

    /// The operator's connection to one voter.
    pub fn client(&self, slot: u8) -> Client {
        self.client_as(Role::Operator, slot)
    }

    /// Where a voter's clients come in, as `host:port`.
    pub fn address(&self, slot: u8) -> String {
        self.voters[usize::from(slot) - 1].client.clone()
    }

    pub fn client_as(&self, role: Role, slot: u8) -> Client {
        let paths = PkiPaths::in_dir(&self.home(role), role.as_str());
        Client::connect(&paths, &self.voters[usize::from(slot) - 1].client)
    }

    /// Where the operator's keys are.
    pub fn operator(&self) -> PkiPaths {
        PkiPaths::in_dir(&self.home(Role::Operator), Role::Operator.as_str())
    }

    /// Where a voter's keys are.
    pub fn keys(&self, slot: u8) -> PkiPaths {
        self.settings(slot).pki
    }

    fn home(&self, role: Role) -> PathBuf {
        self.dir.path().join(role.as_str())
    }

    /// Waits until a voter answers reads, and says which leads.
    pub async fn leader(&self, asked: u8) -> u8 {
        let mut client = self.client(asked);
        let known = async {
            loop {
                client.ready().await;
                let id = client.status().await.leader;
                let members = client.members().await;
                if let Some(leader) = members.iter().find(|member| member.id == id) {
                    return leader.name.trim_start_matches('h').parse().unwrap();
                }
            }
        };
        tokio::time::timeout(PATIENCE, known).await.expect("nobody leads")
    }
}

/// Binds a port that its last owner may be just about to let go.
async fn bind(address: SocketAddr) -> std::net::TcpListener {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        match TcpListener::bind(address).await {
            Ok(port) => return port.into_std().unwrap(),
            Err(error) => {
                assert!(tokio::time::Instant::now() < deadline, "{address}: {error}");
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    }
}

/// The same port, in the runtime that this is called in.
fn again(port: &std::net::TcpListener) -> TcpListener {
    TcpListener::from_std(port.try_clone().unwrap()).unwrap()
}
