//! What goes from the log.

use super::LogStore;
use super::ops::Op;
use crate::raft::LogId;

impl LogStore {
    pub(super) fn is_covered(&self, id: LogId) -> bool {
        self.cover.as_ref().is_none_or(|cover| cover.holds(id))
    }

    /// Removes the entries up to this one from the disk, as soon as the state holds them.
    pub(super) async fn remove_when_covered(self, id: LogId) {
        let covered = match &self.cover {
            Some(cover) => cover.wait(id).await,
            None => true,
        };
        // A later purge, or an append, may have seen to it.
        let is_due = covered && self.shared().pending == Some(id);
        if is_due && let Err(cause) = self.remove(id).await {
            tracing::warn!(cause, "the log is not cut");
        }
    }

    /// What is to be written next may follow a snapshot that the state is taking in. It must not be on the
    /// disk, let alone be acknowledged, while what it follows is in neither of the two: the power could fail
    /// in between. openraft 0.9 has nothing written meanwhile; but this is not for others to promise.
    pub(super) async fn settle(&self) -> Result<(), String> {
        let Some(id) = self.shared().pending else { return Ok(()) };
        if let Some(cover) = &self.cover
            && !cover.wait(id).await
        {
            return Err("the state has not taken in what the log goes on from".to_owned());
        }
        self.remove(id).await
    }

    pub(super) async fn remove(&self, upto: LogId) -> Result<(), String> {
        self.write(|done| Op::Purge { upto, done }).await?;
        self.shared().pending.take_if(|pending| *pending <= upto);
        Ok(())
    }
}
