use super::next_level;
use crate::leadership::Leader;
use crate::members::{ALIVE, Members};
use crate::propose::Proposer;
use crate::wire::command::{Kind, Raise};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How often to look where this voter leads.
const LOOK: Duration = Duration::from_millis(500);
/// How often to look whether it does.
const FAR: Duration = Duration::from_secs(60);

/// Raises the cluster's level while this voter leads.
#[derive(Clone)]
pub struct Raiser {
    pub members: Members,
    pub proposer: Proposer,
}

impl Raiser {
    /// Looks, again and again; ends never.
    pub async fn keep(self) {
        let mut leadership = self.members.peers.leadership.clone();
        loop {
            let leads = |leader: &Leader| *leader == Leader::Me;
            if leads(&leadership.wait_for(Instant::now() + FAR, leads).await) {
                self.look().await;
                sleep(LOOK).await;
            }
        }
    }

    async fn look(&self) {
        // Nobody is taken in meanwhile: he would be asked too late.
        let Ok(_busy) = self.members.busy.try_lock() else { return };
        let Some(level) = self.next() else { return };
        tracing::info!(level, "all members know this level: the cluster is raised to it");
        let raise = Kind::Raise(Raise { level });
        // When it fails the next look shows what came of it: twice does no harm.
        if let Err(error) = self.proposer.propose_here(vec![raise.into()]).await {
            tracing::warn!(level, %error, "the cluster's level could not be raised; it is tried again");
        }
    }

    /// By the newest membership, whether or not it is agreed on: a learner that is only being taken in
    /// counts too.
    fn next(&self) -> Option<u32> {
        let peers = &self.members.peers;
        let ladder = peers.directory.ladder();
        // Somebody who asks nobody: the judges must find out.
        #[cfg(test)]
        if crate::simulation::nobody_is_asked() {
            return next_level(ladder.level(), [Some(ladder.own())]);
        }
        let metrics = peers.leadership.metrics();
        let members = metrics.membership_config.membership().nodes().map(|(id, _)| *id);
        let known = members.map(|id| match id {
            id if id == peers.me => Some(ladder.own()),
            id if self.members.pulse.is_alive(id, ALIVE) => ladder.of(id),
            _ => None,
        });
        next_level(ladder.level(), known)
    }
}
