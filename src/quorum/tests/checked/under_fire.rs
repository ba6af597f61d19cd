//! Clients, watchers, leases and elections while voters are killed, paused and cut off.

use crate::kit::{Cluster, Kind};
use crate::trial::{length, trial};
use mesoform_checks::Cast;

const CAST: Cast = Cast { clients: 10, watchers: 5, lessees: 3, curious: true, pause: (1, 10) };

async fn under_fire(name: &str, voters: usize, seconds: u64) {
    let mut cluster = Cluster::up(Kind::Ours, voters).await.unwrap();
    trial(&mut cluster, name, CAST, length(seconds)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_voters() {
    under_fire("three voters", 3, 18).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_voters() {
    under_fire("five voters", 5, 15).await;
}
