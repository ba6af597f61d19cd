use super::Members;
use crate::leadership::Leader;
use openraft::ChangeMembers;
use std::time::Duration;
use tokio::time::{Instant, sleep};
use tonic::Status;

/// How often to look where this voter leads.
const LOOK: Duration = Duration::from_millis(500);
/// How often to look whether it does.
const FAR: Duration = Duration::from_secs(60);

/// A change of voters takes two entries of the log, and between them the old and the new voters decide
/// together. A leader that is gone after the first leaves a quorum that needs the majority of both, with
/// voters among them that are long gone.
impl Members {
    /// Ends such changes while this voter leads, again and again; ends never.
    pub async fn keep_whole(self) {
        let mut leadership = self.peers.leadership.clone();
        loop {
            let leads = |leader: &Leader| *leader == Leader::Me;
            if leads(&leadership.wait_for(Instant::now() + FAR, leads).await) {
                // Whoever is busy ends his change himself.
                if let Ok(_busy) = self.busy.try_lock()
                    && let Err(cause) = self.finish(false).await
                {
                    tracing::warn!(%cause, "a change of members could not be ended; it is tried again");
                }
                sleep(LOOK).await;
            }
        }
    }

    /// Ends a change that was cut short; voters that it takes out stay as learners with `retain`.
    ///
    /// # Errors
    /// It could not be made.
    pub(super) async fn finish(&self, retain: bool) -> Result<(), Status> {
        let membership = self.peers.leadership.metrics().membership_config;
        let configs = membership.membership().get_joint_config();
        match configs.last() {
            Some(voters) if configs.len() > 1 => {
                tracing::info!(?voters, "a change of members was cut short: it is ended");
                self.change(ChangeMembers::ReplaceAllVoters(voters.clone()), retain).await
            }
            _ => Ok(()),
        }
    }
}
