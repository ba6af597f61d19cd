use super::PATIENCE;
use super::etcd;
use super::link::Link;
use super::port::Port;
use super::voter::{self, Process};
use crate::pki;
use mesoform_checks::{Ask, Keys, Way, ask, way};
use mesoform_coordination::{Coordination, dial};
use mesoform_etcd::client::{ClusterClient, MaintenanceClient};
use mesoform_etcd::pb::{MemberListRequest, StatusRequest, StatusResponse};
use mesoform_identity::{Authority, Identity, Role};
use mesoform_quorum::Levels;
use mesoform_settings::{PkiPaths, QuorumClientSettings, QuorumSettings, Voter};
use nix::sys::signal::Signal;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::{sleep, timeout};
use tonic::transport::Channel;

const CLUSTER: &str = "checked";

/// Who the voters are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Ours,
    Etcd,
}

/// Voters on this machine, each a process, each with a link of its own to each of the others.
pub struct Cluster {
    kind: Kind,
    places: Vec<Place>,
    // Last: the processes end before their folder goes.
    dir: TempDir,
}

struct Place {
    client: Port,
    peer: Port,
    /// To each of the others, by their places; `etcd` has one for all, in its own place.
    links: Vec<Link>,
    process: Option<Process>,
    /// As which version it runs.
    levels: Levels,
}

impl Cluster {
    /// A cluster whose voters all answer. None: the original is not on this machine.
    pub async fn up(kind: Kind, count: usize) -> Option<Self> {
        if kind == Kind::Etcd && !etcd::is_here() {
            return None;
        }
        Some(Self::raise(kind, count, Levels::default()).await)
    }

    /// The same of ours, of a version that knows these levels.
    pub async fn up_as(count: usize, levels: Levels) -> Self {
        Self::raise(Kind::Ours, count, levels).await
    }

    async fn raise(kind: Kind, count: usize, levels: Levels) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let authority = Authority::create(CLUSTER).unwrap();
        for role in [Role::Operator, Role::Quorum, Role::Master] {
            pki::issue(&authority, &dir.path().join(role.as_str()), role, "somewhere");
        }
        let reserve = || Place {
            client: Port::reserve(),
            peer: Port::reserve(),
            links: Vec::new(),
            process: None,
            levels,
        };
        let mut places: Vec<Place> = std::iter::repeat_with(reserve).take(count).collect();
        for from in 0..count {
            for to in 0..count {
                let target = places[to].peer.address();
                places[from].links.push(Link::to(target).await);
            }
        }
        let mut cluster = Self { kind, places, dir };
        (0..count).for_each(|at| cluster.start(at));
        cluster.ready().await;
        cluster
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    pub fn len(&self) -> usize {
        self.places.len()
    }

    pub fn start(&mut self, at: usize) {
        let command = match self.kind {
            Kind::Ours => voter::command(&self.settings(at), self.places[at].levels),
            Kind::Etcd => self.original(at),
        };
        self.places[at].process = Some(Process::start(command, &self.log(at)));
    }

    /// Starts it as another version, which it stays.
    pub fn start_as(&mut self, at: usize, levels: Levels) {
        self.places[at].levels = levels;
        self.start(at);
    }

    /// Takes the data of a voter away that does not run, and what it has said.
    pub fn wipe(&self, at: usize) {
        std::fs::remove_dir_all(self.data(at)).unwrap();
        std::fs::remove_file(self.log(at)).unwrap();
    }

    /// Whether a voter has ever said so.
    pub fn said(&self, at: usize, words: &str) -> bool {
        std::fs::read_to_string(self.log(at)).is_ok_and(|log| log.contains(words))
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self, at: usize) -> bool {
        self.places[at].process.as_mut().is_some_and(Process::has_ended)
    }

    pub fn kill(&mut self, at: usize) {
        self.places[at].process = None;
    }

    pub fn runs(&self, at: usize) -> bool {
        self.places[at].process.is_some()
    }

    /// A voter that ended by itself has found something that it cannot go on with.
    pub fn expect_alive(&mut self) {
        for at in 0..self.len() {
            let process = self.places[at].process.as_mut();
            assert!(
                !process.is_some_and(Process::has_ended),
                "voter {at} ended: {}",
                self.tail(at)
            );
        }
    }

    pub fn pause(&self, at: usize) {
        self.signal(at, Signal::SIGSTOP);
    }

    pub fn resume(&self, at: usize) {
        self.signal(at, Signal::SIGCONT);
    }

    fn signal(&self, at: usize, signal: Signal) {
        if let Some(process) = &self.places[at].process {
            process.signal(signal);
        }
    }

    /// No packet goes from one to the other any more; those of the other direction do.
    pub fn cut(&self, from: usize, to: usize) {
        self.gate(from, to, false);
    }

    fn gate(&self, from: usize, to: usize, open: bool) {
        self.places[from].links[to].set(|gate| gate.there = open);
        self.places[to].links[from].set(|gate| gate.back = open);
    }

    /// The voters are in two halves, and no packet goes from one to the other.
    pub fn split(&self, minority: &[usize]) {
        for from in 0..self.len() {
            for to in 0..self.len() {
                if minority.contains(&from) != minority.contains(&to) {
                    self.gate(from, to, false);
                }
            }
        }
    }

    /// All links are whole. What was held goes on its way, or its connections break.
    pub fn heal(&self, breaks: bool) {
        for link in self.places.iter().flat_map(|place| &place.links) {
            link.set(|gate| {
                gate.breaks += u64::from(breaks && !(gate.there && gate.back));
                (gate.there, gate.back) = (true, true);
            });
        }
    }

    /// Nothing is cut, nobody stands still, all run and all answer.
    pub async fn calm(&mut self) {
        self.heal(true);
        for at in 0..self.len() {
            self.resume(at);
            if !self.runs(at) {
                self.start(at);
            }
        }
        self.ready().await;
    }

    /// Waits until every voter answers a linearizable read.
    pub async fn ready(&mut self) {
        for at in 0..self.len() {
            let answers = async {
                let keys = Keys::One("ready?".to_owned());
                let read = Ask::Read { keys, serializable: false, revision: 0 };
                while ask(&self.way(at), &read).await.is_err() {
                    sleep(Duration::from_millis(50)).await;
                }
            };
            if timeout(PATIENCE, answers).await.is_err() {
                self.expect_alive();
                panic!("voter {at} never became ready: {}", self.tail(at));
            }
        }
        self.expect_alive();
    }

    /// The place of the leader, as those know who are asked first; none: nobody knows one.
    pub async fn leader(&self) -> Option<usize> {
        for at in 0..self.len() {
            let asked = timeout(Duration::from_millis(300), self.leader_by(at)).await;
            if let Ok(Some(leader)) = asked {
                return Some(leader);
            }
        }
        None
    }

    /// Who leads, as this voter knows.
    pub async fn leader_by(&self, at: usize) -> Option<usize> {
        let channel = self.channel(at);
        let status = MaintenanceClient::new(channel.clone()).status(StatusRequest {}).await.ok()?;
        let leader = status.into_inner().leader;
        let request = MemberListRequest { linearizable: false };
        let members = ClusterClient::new(channel).member_list(request).await.ok()?.into_inner();
        let name = &members.members.iter().find(|member| member.id == leader)?.name;
        name.trim_start_matches('h').parse().ok().filter(|at| *at < self.len())
    }

    /// What a voter says of itself, once it is asked in vain no more.
    pub async fn status(&self, at: usize) -> StatusResponse {
        let mut client = MaintenanceClient::new(self.channel(at));
        let told = async {
            loop {
                match client.status(StatusRequest {}).await {
                    Ok(status) => return status.into_inner(),
                    Err(_) => sleep(Duration::from_millis(20)).await,
                }
            }
        };
        timeout(PATIENCE, told).await.expect("a voter says nothing of itself")
    }

    /// The operator's connection to one voter.
    pub fn channel(&self, at: usize) -> Channel {
        let address = self.places[at].client.address().to_string();
        dial(&address, &self.identity(Role::Operator)).unwrap()
    }

    pub fn way(&self, at: usize) -> Way {
        way(self.channel(at))
    }

    pub fn ways(&self) -> Vec<Way> {
        (0..self.len()).map(|at| self.way(at)).collect()
    }

    /// A service's access to all voters.
    pub fn coordination(&self) -> Coordination {
        let endpoints = self.places.iter().map(|place| place.client.address().to_string());
        let settings = QuorumClientSettings::own(endpoints.collect());
        Coordination::connect(&settings, &self.identity(Role::Master)).unwrap()
    }

    pub fn identity(&self, role: Role) -> Identity {
        Identity::load(&self.keys(role)).unwrap()
    }

    fn keys(&self, role: Role) -> PkiPaths {
        PkiPaths::in_dir(&self.dir.path().join(role.as_str()), role.as_str())
    }

    fn data(&self, at: usize) -> PathBuf {
        self.dir.path().join(format!("h{at}"))
    }

    fn log(&self, at: usize) -> PathBuf {
        self.dir.path().join(format!("h{at}.log"))
    }

    /// The last of what it has said.
    pub fn tail(&self, at: usize) -> String {
        let log = std::fs::read_to_string(self.log(at)).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }

    /// Each voter knows the others by its own links to them.
    fn settings(&self, at: usize) -> QuorumSettings {
        let voter = |(to, place): (usize, &Place)| Voter {
            slot: u8::try_from(to).unwrap() + 1,
            name: format!("h{to}"),
            peer: match to == at {
                true => place.peer.address().to_string(),
                false => self.places[at].links[to].address().to_string(),
            },
            client: place.client.address().to_string(),
        };
        QuorumSettings {
            format: 1,
            cluster: CLUSTER.to_owned(),
            slot: u8::try_from(at).unwrap() + 1,
            voters: self.places.iter().enumerate().map(voter).collect(),
            listen_client: self.places[at].client.address(),
            listen_peer: self.places[at].peer.address(),
            data_dir: self.data(at),
            pki: self.keys(Role::Quorum),
            heartbeat_ms: 100,
            election_timeout_ms: 500,
        }
    }

    fn original(&self, at: usize) -> Command {
        let way = |at: usize| self.places[at].links[at].address();
        let all: Vec<String> =
            (0..self.len()).map(|at| format!("h{at}=http://{}", way(at))).collect();
        etcd::command(&etcd::Member {
            name: &format!("h{at}"),
            data: &self.data(at),
            keys: &self.keys(Role::Quorum),
            client: self.places[at].client.address(),
            peer: self.places[at].peer.address(),
            advertised: way(at),
            all: &all.join(","),
        })
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if std::env::var_os("MESOFORM_KEEP").is_some() {
            self.dir.disable_cleanup(true);
            eprintln!("kept: {}", self.dir.path().display());
        }
    }
}
