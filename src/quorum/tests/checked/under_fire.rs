//! Clients, watchers, leases and elections while voters are killed, paused and cut off.

use crate::kit::{Cluster, Kind};
use crate::trial::{Cast, Nemesis, length, trial};
use mesoform_checks::Dice;

const CAST: Cast = Cast { clients: 10, watchers: 5, lessees: 3, candidates: 2, curious: true };

async fn under_fire(name: &str, voters: usize, seconds: u64) {
    let mut cluster = Cluster::up(Kind::Ours, voters).await.unwrap();
    trial(&mut cluster, name, Dice::seed(), CAST, length(seconds), Nemesis::new).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_voters() {
    under_fire("three voters", 3, 18).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_voters() {
    under_fire("five voters", 5, 15).await;
}
