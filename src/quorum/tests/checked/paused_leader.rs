//! A leader that stood still and wakes does not know that others went on.

use crate::kit::{Cluster, Kind, PATIENCE};
use mesoform_checks::{Ask, Call, Cast, Change, Dice, Keys, Stage, Troupe, Way, outcome};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

const NOBODY: Cast = Cast { clients: 0, watchers: 1, lessees: 0, curious: true, pause: (1, 10) };
const ROUNDS: usize = 4;

/// Requests wait at the paused leader while the others elect a new one and write. When it wakes it may
/// answer them, but not from its old state.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_serves_no_stale_reads() {
    let mut cluster = Cluster::up(Kind::Ours, 3).await.unwrap();
    let stage = Stage::new();
    let mut dice = Dice::new(Dice::seed());
    let ways = cluster.ways();
    let troupe = Troupe::start(&stage, NOBODY, &mut dice, &ways);
    for round in 0..ROUNDS {
        let old = leader_but(&cluster, None).await;
        call(&stage, &ways[old], put(round, "before")).await;
        cluster.pause(old);
        let new = leader_but(&cluster, Some(old)).await;
        call(&stage, &ways[new], put(round, "after")).await;
        let mut waiting = JoinSet::new();
        for ask in [read(), read(), put(round, "late"), read()] {
            let (stage, way) = (stage.clone(), ways[old].clone());
            waiting.spawn(async move { call(&stage, &way, ask).await });
        }
        // They lie in its sockets before it wakes.
        sleep(Duration::from_millis(100)).await;
        cluster.resume(old);
        timeout(PATIENCE, waiting.join_all()).await.unwrap();
    }
    cluster.calm().await;
    match troupe.judge(&ways).await {
        Ok(witnesses) => eprintln!("a paused leader: {witnesses}"),
        Err(failure) => panic!("{failure}"),
    }
}

/// Waits until a voter other than this one leads, and says which.
async fn leader_but(cluster: &Cluster, other: Option<usize>) -> usize {
    let found = async {
        loop {
            for at in (0..cluster.len()).filter(|at| Some(*at) != other) {
                let asked = timeout(Duration::from_millis(500), cluster.leader_by(at)).await;
                if let Ok(Some(leader)) = asked
                    && Some(leader) != other
                {
                    return leader;
                }
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, found).await.expect("nobody leads")
}

async fn call(stage: &Stage, way: &Way, ask: Ask) {
    let asked = stage.clock.tick();
    let outcome = outcome(way, &ask, &stage.clock, Duration::from_secs(10)).await;
    stage.calls.lock().unwrap().push(Call { client: stage.number(), asked, ask, outcome });
}

fn put(round: usize, what: &str) -> Ask {
    let value = format!("{what} {round}");
    let change = Change::Put { key: "k/1".to_owned(), value, lease: 0 };
    Ask::Write { guard: None, changes: vec![change] }
}

fn read() -> Ask {
    Ask::Read { keys: Keys::One("k/1".to_owned()), serializable: false, revision: 0 }
}
