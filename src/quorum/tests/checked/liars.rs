//! The judges must catch who lies. Each trial is the same as under fire, without faults: all that is wrong
//! is the one lie.

use crate::kit::{Cluster, Kind, PATIENCE};
use crate::liar::{Lie, serve};
use crate::trial::candidate;
use mesoform_checks::{Cast, Dice, Failure, Rule, Stage, Troupe, Witnesses, way};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::sleep;

const CAST: Cast = Cast { clients: 4, watchers: 3, lessees: 0, curious: true, pause: (1, 10) };
const LEASES: Cast = Cast { clients: 0, watchers: 1, lessees: 3, curious: true, pause: (1, 10) };
const ELECTIONS: Cast = Cast { clients: 0, watchers: 1, lessees: 0, curious: true, pause: (1, 10) };
const CANDIDATES: usize = 3;
/// So many give each lie its chance.
const CALLS: u64 = 400;
const ROUNDS: usize = 10;

/// What is said of a cluster in front of which this lie stands.
async fn verdict(
    cluster: &Cluster,
    lie: Lie,
    cast: Cast,
    millis: u64,
) -> Result<Witnesses, Failure> {
    let serving = serve(cluster, lie).await;
    let stage = Stage::new();
    let mut dice = Dice::new(Dice::seed());
    let troupe = Troupe::start(&stage, cast, &mut dice, &[way(serving.channel(cluster))]);
    let mut candidates = JoinSet::new();
    for place in 0..CANDIDATES {
        candidates.spawn(candidate(
            stage.clone(),
            serving.coordination(cluster),
            dice.split(),
            place,
        ));
    }
    sleep(Duration::from_millis(millis)).await;
    if cast.clients > 0 {
        stage.until_done(CALLS, PATIENCE).await;
    }
    stage.stop.cancel();
    candidates.join_all().await;
    // The judges ask the honest voter what really happened.
    troupe.judge(&[cluster.way(0)]).await
}

async fn expect_caught(lies: &[(Lie, &[Rule])], cast: Cast, millis: u64) {
    for (lie, rules) in lies {
        let rule = caught(*lie, rules, cast, millis).await;
        eprintln!("{lie:?} was caught: {rule:?}");
    }
}

/// Which of these rules a lie is taken to break. A short trial may give it no chance (a watch that begins
/// too late, where none began anew), or make it look like another (events that change places around word of
/// progress, or before a connection ends), so it is told several times.
async fn caught(lie: Lie, rules: &[Rule], cast: Cast, millis: u64) -> Rule {
    let mut believed = Vec::new();
    while believed.len() < ROUNDS {
        let cluster = Cluster::up(Kind::Ours, 1).await.unwrap();
        match verdict(&cluster, lie, cast, millis).await {
            Err(Failure::Violation(found)) if rules.contains(&found.rule) => return found.rule,
            other => believed.push(other),
        }
    }
    panic!("{lie:?} was not caught: {believed:?}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_does_not_lie_is_not_accused() {
    let cast = Cast { lessees: 2, ..CAST };
    let mut seen = Vec::new();
    // In a short trial on a slow machine nobody may have led, or held a lease.
    while seen.len() < ROUNDS {
        let cluster = Cluster::up(Kind::Ours, 1).await.unwrap();
        let witnesses = verdict(&cluster, Lie::Nothing, cast, 2500).await.unwrap();
        witnesses.expect_enough();
        if witnesses.leases > 0 && witnesses.fenced > 0 {
            return;
        }
        seen.push(witnesses.to_string());
    }
    panic!("too little happened: {seen:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lies_about_reads_and_writes_are_caught() {
    let seen = &[Rule::Linearizable][..];
    let lies = [
        (Lie::StaleRead, seen),
        (Lie::StaleReadWithFreshHead, seen),
        (Lie::LostWrite, &[Rule::Linearizable, Rule::Durable]),
        (Lie::DoubledWrite, &[Rule::Linearizable, Rule::Caused]),
        (Lie::FailedWriteIsThere, &[Rule::Linearizable, Rule::Caused]),
        (Lie::Unguarded, seen),
    ];
    expect_caught(&lies, CAST, 500).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lies_about_events_are_caught() {
    let lies = [
        (Lie::SkippedEvent, &[Rule::WatchComplete][..]),
        (Lie::DoubledEvent, &[Rule::WatchUnique]),
        (Lie::SwappedResponses, &[Rule::WatchOrdered]),
        (Lie::SplitRevision, &[Rule::WatchAtomic]),
        (Lie::LateStart, &[Rule::WatchComplete]),
        (Lie::NoPrevious, &[Rule::WatchTruthful]),
        (Lie::EarlyProgress, &[Rule::WatchBookmark]),
    ];
    expect_caught(&lies, CAST, 500).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leases_that_end_early_are_caught() {
    expect_caught(&[(Lie::EarlyExpiry, &[Rule::LeaseEarly])], LEASES, 2500).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leases_that_never_end_are_caught() {
    let mut believed = Vec::new();
    // In a short trial on a slow machine nobody may have got a lease.
    while believed.len() < ROUNDS {
        let cluster = Cluster::up(Kind::Ours, 1).await.unwrap();
        match verdict(&cluster, Lie::NoExpiry, LEASES, 500).await {
            Err(Failure::Endless) => return,
            other => believed.push(other),
        }
    }
    panic!("it was not caught: {believed:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_of_who_was_deposed_are_caught() {
    expect_caught(&[(Lie::NoFence, &[Rule::Fenced])], ELECTIONS, 6000).await;
}
