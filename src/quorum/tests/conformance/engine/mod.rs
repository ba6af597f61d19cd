//! What is asked: the original, one voter of ours, or three of ours through one that follows.

mod original;

use super::common::{Client, Cluster};
use super::show::Show;
use mesoform_etcd::pb::{DeleteRangeRequest, LeaseLeasesRequest, LeaseRevokeRequest, RangeRequest};
use mesoform_quorum::Tuning;
use original::Etcd;
use std::time::Duration;

/// How often watches that want to hear of progress do, in this suite: longer than the machine may be busy
/// between two lines of a script.
pub const PROGRESS: Duration = Duration::from_secs(3);

/// As short as the shortest lease of this suite asks for.
const ELECTION: Duration = Duration::from_millis(330);
/// Where no lease is asked for, and the machine is kept busy.
const CALM: Duration = Duration::from_secs(2);

fn tuning() -> Tuning {
    Tuning { progress: PROGRESS, ..Tuning::default() }
}

pub struct Engine {
    cluster: Cluster,
    original: Option<Etcd>,
    client: Client,
    name: &'static str,
}

impl Engine {
    /// Debian's etcd; none: it is not installed.
    pub async fn etcd() -> Option<Self> {
        Self::etcd_with(0).await
    }

    /// As [`Self::etcd`], with so many bytes for its database.
    pub async fn etcd_with(quota: u64) -> Option<Self> {
        let cluster = Cluster::of(1).await;
        let Some(original) = Etcd::start(&cluster, quota) else {
            println!("NOT COMPARED: there is no `etcd` here (apt-get install etcd-server)");
            return None;
        };
        let client = Client::connect(&cluster.operator(), &original.address);
        Some(Self::ready(cluster, Some(original), client, "etcd").await)
    }

    pub async fn one_voter() -> Self {
        Self::one_voter_with(tuning()).await
    }

    /// As [`Self::one_voter`], tuned otherwise.
    pub async fn one_voter_with(tuning: Tuning) -> Self {
        let cluster = Self::ours(1, tuning, ELECTION).await;
        let client = cluster.client(1);
        Self::ready(cluster, None, client, "one voter").await
    }

    /// Everything goes by way of a voter that does not lead.
    pub async fn a_follower() -> Self {
        Self::follower(tuning(), ELECTION).await
    }

    /// As [`Self::a_follower`], tuned otherwise.
    pub async fn a_follower_with(tuning: Tuning) -> Self {
        Self::follower(tuning, CALM).await
    }

    async fn follower(tuning: Tuning, election: Duration) -> Self {
        let cluster = Self::ours(3, tuning, election).await;
        let leader = cluster.leader(1).await;
        let client = cluster.client(if leader == 1 { 2 } else { 1 });
        Self::ready(cluster, None, client, "a follower").await
    }

    async fn ours(voters: u8, tuning: Tuning, election: Duration) -> Cluster {
        let mut cluster = Cluster::tuned(voters, tuning).await;
        cluster.elect_within(election);
        for slot in cluster.slots() {
            cluster.start(slot).await;
        }
        cluster
    }

    async fn ready(
        cluster: Cluster,
        original: Option<Etcd>,
        mut client: Client,
        name: &'static str,
    ) -> Self {
        client.ready().await;
        Self { cluster, original, client, name }
    }

    /// Raft's term: another one means that there was an election.
    pub async fn term(&self) -> u64 {
        self.client().status().await.raft_term
    }

    pub fn name(&self) -> &'static str {
        self.name
    }

    pub fn is_original(&self) -> bool {
        self.original.is_some()
    }

    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// `host:port` of what is asked, and the keys to come in with.
    pub fn http(&self) -> (String, mesoform_settings::PkiPaths) {
        let address = match &self.original {
            Some(original) => original.address.clone(),
            None => self.cluster.address(1),
        };
        (address, self.cluster.operator())
    }

    /// Empties the store: what is shown of it then counts from here.
    pub async fn reset(&self) -> Show {
        let mut client = self.client();
        let leases = client.lease.lease_leases(LeaseLeasesRequest {}).await.unwrap().into_inner();
        for lease in leases.leases {
            client.lease.lease_revoke(LeaseRevokeRequest { id: lease.id }).await.unwrap();
        }
        let (key, range_end) = (super::common::b("\0"), super::common::b("\0"));
        let all = DeleteRangeRequest { key: key.clone(), range_end, prev_kv: false };
        client.kv.delete_range(all).await.unwrap();
        let read = RangeRequest { key, ..Default::default() };
        let answer = client.kv.range(read).await.unwrap().into_inner();
        Show { base: answer.header.unwrap().revision }
    }
}
