//! The judges must have nothing to say against the original.

use crate::kit::{Cluster, Kind, PATIENCE};
use crate::trial::{length, trial};
use mesoform_checks::{Cast, Dice, Stage, Troupe};
use std::time::Duration;
use tokio::time::sleep;

/// What the judges find at once in etcd 3.4 is not asked of it here: it tells of progress before it has told
/// of the events (etcd's issue 15220), and a leader that was paused confirms renewals of leases that then end.
const CAST: Cast = Cast { clients: 10, watchers: 3, lessees: 0, curious: false, pause: (1, 10) };

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_members_of_the_original() {
    let Some(mut cluster) = Cluster::up(Kind::Etcd, 3).await else { return };
    trial(&mut cluster, "etcd", CAST, length(10)).await;
}

/// Leases, without faults.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leases_of_the_original() {
    let Some(cluster) = Cluster::up(Kind::Etcd, 1).await else { return };
    let stage = Stage::new();
    let cast = Cast { clients: 2, lessees: 4, ..CAST };
    let ways = cluster.ways();
    let troupe = Troupe::start(&stage, cast, &mut Dice::new(Dice::seed()), &ways);
    sleep(Duration::from_secs(6)).await;
    stage.until_done(50, PATIENCE).await;
    match troupe.judge(&ways).await {
        Ok(witnesses) => assert!(witnesses.leases > 0, "{witnesses}"),
        Err(failure) => panic!("{failure}"),
    }
}
