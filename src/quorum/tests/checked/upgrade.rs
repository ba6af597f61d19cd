//! Rolling upgrades over a change of formats: voters are killed and come back as a newer version, one by
//! one, while clients write. Nothing that was acknowledged is lost, nothing new is written before all can
//! read it, and who comes back as the older version afterwards is refused.

use crate::kit::{Cluster, PATIENCE};
use mesoform_checks::{Cast, Dice, Stage, Troupe};
use mesoform_quorum::{Levels, NEWEST_LEVEL};
use std::sync::Arc;
use tokio::time::{Duration, sleep, timeout};

const CAST: Cast = Cast { clients: 6, watchers: 3, lessees: 1, curious: true, pause: (1, 10) };
/// Calls that are answered between two steps.
const ENOUGH: u64 = 60;
/// What the voter that raises the level says.
const RAISING: &str = "the cluster is raised to it";

/// From the last version on the day before there were levels.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_voters_come_to_know_of_levels() {
    upgrade("three voters, from before there were levels", 3, Levels::untold()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_voters_rise_by_a_level() {
    upgrade("three voters", 3, Levels::up_to(NEWEST_LEVEL - 1)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_voters_rise_by_a_level() {
    upgrade("five voters", 5, Levels::up_to(NEWEST_LEVEL - 1)).await;
}

async fn upgrade(name: &str, count: usize, old: Levels) {
    let seed = Dice::seed();
    eprintln!("{name}: MESOFORM_SEED={seed}");
    let mut dice = Dice::new(seed);
    let mut cluster = Cluster::up_as(count, old).await;
    let stage = Stage::new();
    let ways = cluster.ways();
    let troupe = Troupe::start(&stage, CAST, &mut dice, &ways);
    work(&stage).await;

    let mut order: Vec<usize> = (0..count).collect();
    (0..count).for_each(|at| order.swap(at, dice.place(count)));
    let (last, first) = order.split_last().unwrap();
    // Who is in doubt can go back, as long as not all have come along.
    for levels in [Levels::default(), old] {
        replace(&mut cluster, order[0], levels).await;
        work(&stage).await;
    }
    for at in first {
        replace(&mut cluster, *at, Levels::default()).await;
        work(&stage).await;
        // One is left that could not read what is new.
        assert_eq!(levels(&mut cluster).await, vec![old.newest(); count], "{name}");
    }
    cluster.kill(*last);
    cluster.start_as(*last, Levels::default());
    strike_who_raises(&mut cluster).await;
    rise(&mut cluster).await;
    work(&stage).await;

    // What was written since is read anew by all of them.
    (0..count).for_each(|at| cluster.kill(at));
    (0..count).for_each(|at| cluster.start(at));
    cluster.ready().await;
    rise(&mut cluster).await;
    refuses_the_old(&mut cluster, order[0], old).await;
    work(&stage).await;

    cluster.calm().await;
    match troupe.judge(&ways).await {
        Ok(witnesses) => {
            eprintln!("{name}: {witnesses}");
            witnesses.expect_enough();
        }
        Err(failure) => panic!("{name}: {failure}\nMESOFORM_SEED={seed}"),
    }
    cluster.expect_alive();
}

/// Waits until clients were of use.
async fn work(stage: &Arc<Stage>) {
    let wanted = stage.done() + ENOUGH;
    stage.until_done(wanted, PATIENCE).await;
    assert!(stage.done() >= wanted, "the clients are not answered");
}

/// Kills a voter; it comes back as another version.
async fn replace(cluster: &mut Cluster, at: usize, levels: Levels) {
    cluster.kill(at);
    cluster.start_as(at, levels);
    cluster.ready().await;
}

/// At which level each voter says that the cluster is.
async fn levels(cluster: &mut Cluster) -> Vec<u32> {
    let mut levels = Vec::new();
    for at in 0..cluster.len() {
        levels.push(cluster.status(at).await.level);
    }
    levels
}

/// The leader is killed as soon as it has said that it raises the level: in the log, and with whom, that may
/// be by then or not.
async fn strike_who_raises(cluster: &mut Cluster) {
    let said = async {
        loop {
            let raising = (0..cluster.len()).find(|at| cluster.said(*at, RAISING));
            if let Some(at) = raising {
                return at;
            }
            sleep(Duration::from_millis(2)).await;
        }
    };
    let at = timeout(PATIENCE, said).await.expect("nobody raises the level");
    cluster.kill(at);
    cluster.start(at);
}

/// Waits until all voters are at the newest level.
async fn rise(cluster: &mut Cluster) {
    cluster.ready().await;
    let risen = async {
        while levels(cluster).await.iter().any(|level| *level != NEWEST_LEVEL) {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, risen).await.expect("not all voters are at the newest level");
}

/// A voter comes back as the old version, with its data and without: it is refused, and told why. The others
/// take no harm, and it is one of them again as soon as its version is the new one.
async fn refuses_the_old(cluster: &mut Cluster, at: usize, old: Levels) {
    cluster.kill(at);
    cluster.start_as(at, old);
    let knows = format!("knows formats up to {}", old.newest());
    expect_end(cluster, at, &[&format!("is in format {NEWEST_LEVEL}"), &knows]).await;

    cluster.wipe(at);
    cluster.start_as(at, old);
    if old == Levels::untold() {
        // It knows no better than to ask again; that it hears why is all that can be done for it.
        let words = format!("h{at} knows level 1, but the cluster is at level {NEWEST_LEVEL}");
        expect_said(cluster, at, &words).await;
        cluster.kill(at);
    } else {
        let words = format!("the cluster is at level {NEWEST_LEVEL}, but this version of mesoform");
        expect_end(cluster, at, &[&words, "run the version that the other voters run"]).await;
    }
    cluster.wipe(at);
    cluster.start_as(at, Levels::default());
    rise(cluster).await;
}

/// Waits until a voter has ended by itself, with these words.
async fn expect_end(cluster: &mut Cluster, at: usize, words: &[&str]) {
    let ended = async {
        while !cluster.has_ended(at) {
            sleep(Duration::from_millis(20)).await;
        }
    };
    let ended = timeout(PATIENCE, ended).await.is_ok();
    for words in words {
        assert!(ended && cluster.said(at, words), "voter {at}: {}", cluster.tail(at));
    }
    cluster.kill(at);
}

async fn expect_said(cluster: &Cluster, at: usize, words: &str) {
    let said = async {
        while !cluster.said(at, words) {
            sleep(Duration::from_millis(20)).await;
        }
    };
    let said = timeout(PATIENCE, said).await.is_ok();
    assert!(said, "voter {at} is not told `{words}`: {}", cluster.tail(at));
}
