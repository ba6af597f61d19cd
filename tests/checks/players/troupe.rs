use super::clients::client;
use super::lessees::lessee;
use super::stage::{KEYS, LAST, Stage};
use super::verdict::{Failure, Witnesses, judge};
use super::watchers::watcher;
use super::way::Way;
use crate::{Dice, Keys, LeaseLife, Watch};
use std::sync::Arc;
use tokio::task::JoinSet;

/// Who takes part.
#[derive(Debug, Clone, Copy)]
pub struct Cast {
    pub clients: usize,
    pub watchers: usize,
    pub lessees: usize,
    /// Whether watchers ask how far they have come.
    pub curious: bool,
    /// How long a client rests after an answer: milliseconds, from and to.
    pub pause: (u64, u64),
}

/// All players, at work.
pub struct Troupe {
    stage: Arc<Stage>,
    clients: JoinSet<()>,
    watchers: JoinSet<Watch>,
    lessees: JoinSet<Vec<LeaseLife>>,
}

impl Troupe {
    /// Everybody starts to work, on these ways to the voters.
    pub fn start(stage: &Arc<Stage>, cast: Cast, dice: &mut Dice, ways: &[Way]) -> Self {
        let mut troupe = Self {
            stage: stage.clone(),
            clients: JoinSet::new(),
            watchers: JoinSet::new(),
            lessees: JoinSet::new(),
        };
        let ways = || ways.to_vec();
        for _ in 0..cast.clients {
            troupe.clients.spawn(client(stage.clone(), ways(), dice.split(), cast.pause));
        }
        for place in 0..cast.watchers {
            // Everything, what the clients write, and one key.
            let prefix = ["", KEYS, LAST][place % 3].to_owned();
            let watch = Watch { keys: Keys::Prefix(prefix), previous: true, sessions: Vec::new() };
            let work = watcher(stage.clone(), ways(), dice.split(), watch, cast.curious);
            troupe.watchers.spawn(work);
        }
        for _ in 0..cast.lessees {
            troupe.lessees.spawn(lessee(stage.clone(), ways(), dice.split()));
        }
        troupe
    }

    /// Ends the work, and judges it. The voters must be well.
    ///
    /// # Errors
    /// What a judge objects to.
    pub async fn judge(self, ways: &[Way]) -> Result<Witnesses, Failure> {
        self.stage.stop.cancel();
        self.clients.join_all().await;
        let lives = self.lessees.join_all().await.into_iter().flatten().collect();
        judge(&self.stage, ways, self.watchers, lives).await
    }
}
