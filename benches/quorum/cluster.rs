use crate::client::Client;
use crate::keys::issue;
use crate::launch::Launch;
use crate::member::Member;
use crate::score::Kind;
use mesoform_etcd::pb::StatusRequest;
use mesoform_identity::{Authority, Identity, Role};
use mesoform_settings::Voter;
use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};

/// Longer than anything here may take.
const PATIENCE: Duration = Duration::from_secs(60);
const MEMBERS: u8 = 3;

/// Three members on this machine, ended with this value.
pub struct Cluster {
    pub kind: Kind,
    pub identity: Identity,
    pub members: Vec<Member>,
    /// From the first process to the first linearizable read at every member.
    pub start: Duration,
}

impl Cluster {
    /// None: it is not installed.
    pub async fn start(kind: Kind, launch: Launch, dir: &Path) -> Option<Self> {
        let authority = Authority::create("bench").unwrap();
        let operator = issue(&authority, &dir.join("operator"), Role::Operator, "bench");
        let voters = voters();
        let commands: Vec<_> = voters
            .iter()
            .map(|voter| {
                let home = dir.join(&voter.name);
                let pki = issue(&authority, &home, Role::Quorum, &voter.name);
                let command = launch(voter, &voters, &home, pki);
                (voter.client.clone(), home.join("data"), command)
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
    let mut addresses = addresses(usize::from(MEMBERS) * 2).into_iter();
    let mut next = || addresses.next().unwrap();
    let voter = |slot| Voter { slot, name: format!("h{slot}"), peer: next(), client: next() };
    (1..=MEMBERS).map(voter).collect()
}

/// So many that nobody listens at.
pub fn addresses(count: usize) -> Vec<String> {
    // Held until all are chosen, so that no two are the same.
    let bind = |_| TcpListener::bind("127.0.0.1:0").unwrap();
    let held: Vec<_> = (0..count).map(bind).collect();
    held.iter().map(|port| port.local_addr().unwrap().to_string()).collect()
}
