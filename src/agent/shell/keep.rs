//! What must be on disk before anything else is done.

use super::Shell;
use crate::DiskError;
use crate::store::Store;
use std::sync::Arc;
use std::time::Duration;

/// Between two tries to write what must be kept.
const KEEP_AGAIN: Duration = Duration::from_secs(1);

impl Shell {
    pub(super) async fn keep_own(&mut self) {
        let kept = self.kept.clone();
        self.keep(move |store| store.keep(&kept)).await;
    }

    /// Nothing goes on before this is on disk: a full disk stops the agent's decisions, never the
    /// tasks, until there is room again or the agent is ended.
    pub(super) async fn keep<F>(&mut self, write: F)
    where
        F: Fn(&Store) -> Result<(), DiskError> + Send + Sync + 'static,
    {
        let write = Arc::new(write);
        loop {
            let (store, write) = (self.store.clone(), write.clone());
            let written = tokio::task::spawn_blocking(move || write(&store)).await;
            match written {
                Ok(Ok(())) => return,
                Ok(Err(error)) => tracing::error!(%error, "tried again until it can be kept"),
                Err(error) => tracing::error!(%error, "tried again until it can be kept"),
            }
            self.clean();
            tokio::select! {
                () = self.shutdown.cancelled() => return,
                () = tokio::time::sleep(KEEP_AGAIN) => {}
            }
        }
    }
}
