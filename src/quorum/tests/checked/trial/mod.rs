//! A trial: clients, watchers, lessees and candidates at work, whatever happens to the voters; then
//! calm, and the judges.

mod candidates;
mod clients;
mod lessees;
mod nemesis;
mod verdict;
mod watchers;

pub use candidates::candidates;
pub use clients::client;
pub use lessees::lessee;
pub use nemesis::Nemesis;
pub use verdict::{Failure, Witnesses, judge};
pub use watchers::watcher;

use crate::kit::Cluster;
use mesoform_checks::{Call, Clock, Dice, Keys, LeaseLife, Watch};
use mesoform_coordination::Coordination;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;

/// The keys of the clients, of the lessees, and what leaders write.
pub const KEYS: &str = "k/";
pub const LEASED: &str = "l/";
pub const LOG: &str = "/trial/log";
pub const ELECTION: &str = "trial";
pub const ELECTION_KEYS: &str = "/mesoform/election/trial/";
/// Written last: whoever has seen it has seen all.
pub const LAST: &str = "k/last";

/// What all who take part share.
pub struct Stage {
    pub clock: Clock,
    pub start: Instant,
    /// No new requests; and, when all is calm, no more watching.
    pub stop: CancellationToken,
    pub calls: Mutex<Vec<Call>>,
    /// When the end of each leased key was first seen.
    pub ended: Mutex<HashMap<String, Duration>>,
    pub done: AtomicU64,
    numbers: AtomicU64,
}

impl Stage {
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            clock: Clock::default(),
            start: Instant::now(),
            stop: CancellationToken::new(),
            calls: Mutex::default(),
            ended: Mutex::default(),
            done: AtomicU64::new(0),
            numbers: AtomicU64::new(0),
        })
    }

    /// A number that nobody else gets.
    pub fn number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    pub fn now(&self) -> Duration {
        self.start.elapsed()
    }
}

/// Who takes part.
#[derive(Debug, Clone, Copy)]
pub struct Cast {
    pub clients: usize,
    pub watchers: usize,
    pub lessees: usize,
    pub candidates: usize,
    /// Whether watchers ask how far they have come.
    pub curious: bool,
}

/// All who take part, at work.
pub struct Troupe {
    stage: Arc<Stage>,
    clients: JoinSet<()>,
    watchers: JoinSet<Watch>,
    lessees: JoinSet<Vec<LeaseLife>>,
    candidates: JoinSet<()>,
}

impl Troupe {
    /// Everybody starts to work, on these connections to the voters.
    pub fn start(
        stage: &Arc<Stage>,
        cast: Cast,
        dice: &mut Dice,
        channels: &[Channel],
        coordination: impl Fn() -> Coordination,
    ) -> Self {
        let mut troupe = Self {
            stage: stage.clone(),
            clients: JoinSet::new(),
            watchers: JoinSet::new(),
            lessees: JoinSet::new(),
            candidates: JoinSet::new(),
        };
        let channels = || channels.to_vec();
        for _ in 0..cast.clients {
            troupe.clients.spawn(client(stage.clone(), channels(), dice.split()));
        }
        for place in 0..cast.watchers {
            // Everything, what the clients write, and one key.
            let prefix = ["", KEYS, LAST][place % 3].to_owned();
            let watch = Watch { keys: Keys::Prefix(prefix), previous: true, sessions: Vec::new() };
            let work = watcher(stage.clone(), channels(), dice.split(), watch, cast.curious);
            troupe.watchers.spawn(work);
        }
        for _ in 0..cast.lessees {
            troupe.lessees.spawn(lessee(stage.clone(), channels(), dice.split()));
        }
        for place in 0..cast.candidates {
            let work = candidates(stage.clone(), coordination(), dice.split(), place);
            troupe.candidates.spawn(work);
        }
        troupe
    }

    /// Ends the work, and judges it. The voters must be well.
    pub async fn judge(self, channels: &[Channel]) -> Result<Witnesses, Failure> {
        self.stage.stop.cancel();
        self.clients.join_all().await;
        self.candidates.join_all().await;
        let lives = self.lessees.join_all().await.into_iter().flatten().collect();
        judge(&self.stage, channels, self.watchers, lives).await
    }
}

/// How long a trial is under fire: with `MESOFORM_LONG` ten times as long.
pub fn length(seconds: u64) -> Duration {
    let long = std::env::var_os("MESOFORM_LONG").is_some_and(|long| long != "0");
    Duration::from_secs(if long { seconds * 10 } else { seconds })
}

/// One trial of this cluster under this nemesis; panics when a judge objects.
pub async fn trial(
    cluster: &mut Cluster,
    name: &str,
    seed: u64,
    cast: Cast,
    length: Duration,
    nemesis: impl FnOnce(Dice) -> Nemesis,
) {
    let mut dice = Dice::new(seed);
    let stage = Stage::new();
    let channels = cluster.channels();
    let troupe = Troupe::start(&stage, cast, &mut dice, &channels, || cluster.coordination());
    let faults = nemesis(dice.split()).rage(cluster, &stage, length).await;
    cluster.calm().await;
    let judged = troupe.judge(&channels).await;
    cluster.expect_alive();
    match judged {
        Ok(witnesses) => {
            eprintln!("{name}: {witnesses}; {}", faults.join(", "));
            witnesses.expect_enough();
        }
        Err(failure) => {
            panic!("{name}: {failure}\nMESOFORM_SEED={seed}; faults: {}", faults.join(", "))
        }
    }
}
