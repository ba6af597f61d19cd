use super::LogStore;
use crate::raft::Raft;
use std::time::Duration;

const LOOK: Duration = Duration::from_millis(500);

/// Bounds the log by bytes, as Raft bounds it by entries: an entry can be a megabyte.
pub struct Limit {
    pub raft: Raft,
    pub log: LogStore,
    /// With more than this the log is cut.
    pub bytes: u64,
    /// So much stays, for voters that lag behind.
    pub keep: u64,
}

impl Limit {
    /// Looks now and then; ends never.
    pub async fn keep(self) {
        let mut tick = tokio::time::interval(LOOK);
        loop {
            tick.tick().await;
            if self.log.bytes() > self.bytes
                && let Some(upto) = self.log.cut(self.keep)
            {
                self.cut(upto).await;
            }
        }
    }

    /// What is cut must stand in a snapshot; one that is too old is made anew, and the log is cut at
    /// the next look. Where Raft has ended, the service ends for that.
    async fn cut(&self, upto: u64) {
        let covered = self.raft.metrics().borrow().snapshot.map_or(0, |id| id.index);
        if covered < upto {
            let _ = self.raft.trigger().snapshot().await;
        }
        let _ = self.raft.trigger().purge_log(upto.min(covered)).await;
    }
}
