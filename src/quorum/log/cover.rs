use crate::machine::Progress;
use crate::raft::LogId;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Tells a log what the state holds: only that may go from it.
#[derive(Debug, Clone)]
pub struct Cover {
    pub progress: watch::Receiver<Progress>,
    /// The state takes nothing in any more.
    pub broken: CancellationToken,
}

impl Cover {
    /// Whether the state holds the entry. What it holds when Raft wants to purge it, is on disk.
    pub fn holds(&self, id: LogId) -> bool {
        self.progress.borrow().applied >= Some(id)
    }

    /// Waits until the state holds the entry; false: it never will.
    pub async fn wait(&self, id: LogId) -> bool {
        let mut progress = self.progress.clone();
        tokio::select! {
            biased;
            held = progress.wait_for(|progress| progress.applied >= Some(id)) => held.is_ok(),
            () = self.broken.cancelled() => false,
        }
    }
}
