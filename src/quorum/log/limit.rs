use super::LogStore;
use crate::raft::{LogId, Member, Raft};
use openraft::RaftMetrics;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::timeout;

/// What Raft was asked for and has not done by then, it is asked for again.
const PATIENCE: Duration = Duration::from_secs(2);

type Metrics = RaftMetrics<u64, Member>;

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
    /// Cuts the log as soon as it is too heavy; ends never.
    pub async fn keep(self) {
        let mut weight = self.log.weight();
        while weight.wait_for(|weight| *weight > self.bytes).await.is_ok()
            && self.cut().await.is_some()
        {}
        // Where Raft has ended, the service ends for that.
        std::future::pending().await
    }

    /// What is cut must stand in a snapshot. None: Raft has ended.
    async fn cut(&self) -> Option<()> {
        let Some(upto) = self.log.cut(self.keep.min(self.bytes)) else { return Some(()) };
        let mut metrics = self.raft.metrics();
        if reaches(metrics.borrow().snapshot) < upto {
            self.cover(&mut metrics).await?;
        }
        let upto = upto.min(reaches(metrics.borrow().snapshot));
        self.raft.trigger().purge_log(upto).await.ok()?;
        // A leader may still be sending what is to go; it is gone as soon as that ends, or fails.
        until(&mut metrics, |now| reaches(now.purged) >= upto).await
    }

    /// Has all that is applied stand in a snapshot.
    async fn cover(&self, metrics: &mut watch::Receiver<Metrics>) -> Option<()> {
        let before = metrics.borrow().snapshot;
        // Where nothing was applied since, it is all there is.
        until(metrics, |now| now.last_applied > before).await?;
        self.raft.trigger().snapshot().await.ok()?;
        until(metrics, |now| now.snapshot > before).await
    }
}

/// Waits until something holds, but not for ever. None: Raft has ended.
async fn until(
    metrics: &mut watch::Receiver<Metrics>,
    holds: impl FnMut(&Metrics) -> bool,
) -> Option<()> {
    match timeout(PATIENCE, metrics.wait_for(holds)).await {
        Ok(Err(_)) => None,
        Ok(Ok(_)) | Err(_) => Some(()),
    }
}

/// The index up to which it reaches.
fn reaches(id: Option<LogId>) -> u64 {
    id.map_or(0, |id| id.index)
}
