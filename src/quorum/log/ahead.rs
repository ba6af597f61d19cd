//! A leader's entries are on their way to the others while it still flushes them itself.
//!
//! openraft 0.9 replicates an entry when the leader's own log has it, and so a change would take the
//! leader's flush, and then that of a follower. A log that runs ahead says so at once, of what its voter
//! has written itself as the leader of the saved vote. Nobody may go by that before it is true, and a
//! leader that counts itself too early must not be believed by anyone who outlives it:
//!
//! - What Raft takes for committed is neither applied nor answered ([`LogStore::flushed`] in
//!   `save_committed`, which Raft waits for before it applies), and no other voter is told of it (in the
//!   network), before this log has it too. Until then at least one flush less is known than counted.
//! - Who answers a leader has flushed all that it wrote when it led itself ([`LogStore::all_flushed`] in
//!   the peers' service): openraft answers at once that it has what it need not write any more.
//! - A change of members is never ahead: openraft goes on from one to the next when it counts as committed.
//!
//! After an error of the disk Raft ends, as ever: at the latest when something is to be applied.

use super::LogStore;
use crate::raft::{Entry, LogId};
use openraft::EntryPayload;
use tokio::sync::watch;

/// How far a log has got on the disk.
#[derive(Debug, Clone, Default)]
pub struct Flushed {
    pub upto: Option<LogId>,
    /// It gets no further.
    pub failed: Option<String>,
}

impl LogStore {
    /// From here on the entries that `me` writes as the leader are not waited for by Raft.
    pub fn run_ahead(&mut self, me: u64) {
        self.ahead_of = Some(me);
    }

    /// Whether Raft need not wait for these.
    pub(super) fn may_run_ahead(&self, entries: &[Entry]) -> bool {
        let Some(me) = self.ahead_of else { return false };
        let vote = self.shared().vote;
        let Some(vote) = vote.filter(|vote| vote.committed && vote.leader_id.node_id == me) else {
            return false;
        };
        entries.iter().all(|entry| {
            let author = &entry.log_id.leader_id;
            let own = author.term == vote.leader_id.term && author.node_id == me;
            own && !matches!(entry.payload, EntryPayload::Membership(_))
        })
    }

    /// Waits until what was written ahead up to `upto` is on the disk.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn flushed(&self, upto: Option<LogId>) -> Result<(), String> {
        let wanted = self.shared().ahead.min(upto);
        if wanted.is_none() || self.is_flushed(wanted)? {
            return Ok(());
        }
        let mut flushed = self.flushed.clone();
        let done = flushed.wait_for(|now| now.upto >= wanted || now.failed.is_some()).await;
        let failed = done.map_err(|_| "the log's writer has ended".to_owned())?.failed.clone();
        failed.map_or(Ok(()), Err)
    }

    /// Waits until all that was written ahead is on the disk.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn all_flushed(&self) -> Result<(), String> {
        let ahead = self.shared().ahead;
        self.flushed(ahead).await
    }

    /// Whether anything is still on its way to the disk.
    pub(super) fn is_ahead(&self) -> bool {
        let ahead = self.shared().ahead;
        self.flushed.borrow().upto < ahead
    }

    fn is_flushed(&self, wanted: Option<LogId>) -> Result<bool, String> {
        let now = self.flushed.borrow();
        now.failed.as_ref().map_or(Ok(now.upto >= wanted), |cause| Err(cause.clone()))
    }

    /// What the writer tells.
    pub(super) fn flushes(last: Option<LogId>) -> watch::Sender<Flushed> {
        watch::Sender::new(Flushed { upto: last, failed: None })
    }
}
