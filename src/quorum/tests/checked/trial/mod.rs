//! A trial: players at work, whatever happens to the voters; then calm, and the judges.

mod candidate;
mod nemesis;

pub use candidate::candidate;

use crate::kit::Cluster;
use mesoform_checks::{Cast, Dice, Stage, Troupe};
use nemesis::Nemesis;
use std::time::Duration;
use tokio::task::JoinSet;

/// Services that stand for election.
const CANDIDATES: usize = 2;

/// How long a trial is under fire: with `MESOFORM_LONG` ten times as long.
pub fn length(seconds: u64) -> Duration {
    let long = std::env::var_os("MESOFORM_LONG").is_some_and(|long| long != "0");
    Duration::from_secs(if long { seconds * 10 } else { seconds })
}

/// One trial of this cluster under fire; panics when a judge objects.
pub async fn trial(cluster: &mut Cluster, name: &str, cast: Cast, length: Duration) {
    let seed = Dice::seed();
    let mut dice = Dice::new(seed);
    let stage = Stage::new();
    let ways = cluster.ways();
    let troupe = Troupe::start(&stage, cast, &mut dice, &ways);
    let mut candidates = JoinSet::new();
    for place in 0..CANDIDATES {
        candidates.spawn(candidate(stage.clone(), cluster.coordination(), dice.split(), place));
    }
    let faults = Nemesis::new(dice.split()).rage(cluster, &stage, length).await;
    cluster.calm().await;
    stage.stop.cancel();
    candidates.join_all().await;
    let judged = troupe.judge(&ways).await;
    cluster.expect_alive();
    let faults = faults.join(", ");
    match judged {
        Ok(witnesses) => {
            eprintln!("{name}: {witnesses}; {faults}");
            witnesses.expect_enough();
        }
        Err(failure) => panic!("{name}: {failure}\nMESOFORM_SEED={seed}; faults: {faults}"),
    }
}
