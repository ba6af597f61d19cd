use crate::consensus::{Leadership, MAX_WRITES, NotWritten};
use crate::core::RegistryWrite;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(500);

/// Writes the registry in the order of the requests, as many at a time as wait, and says what has been
/// written. Repeats what may not have been: the same put or delete twice is no harm.
pub(super) async fn run<L: Leadership>(
    leadership: Arc<L>,
    mut requests: mpsc::UnboundedReceiver<RegistryWrite>,
    written: mpsc::UnboundedSender<RegistryWrite>,
    over: CancellationToken,
) {
    let mut waiting = VecDeque::new();
    loop {
        if waiting.is_empty() {
            let Some(first) = requests.recv().await else { return };
            waiting.push_back(first);
        }
        while let Ok(more) = requests.try_recv() {
            waiting.push_back(more);
        }
        let batch = batch(&mut waiting);
        if !write(&*leadership, &batch, &over).await {
            return;
        }
        for write in batch {
            let _ = written.send(write);
        }
    }
}

/// As many as go into one transaction, no agent twice.
fn batch(waiting: &mut VecDeque<RegistryWrite>) -> Vec<RegistryWrite> {
    let mut batch: Vec<RegistryWrite> = Vec::new();
    while batch.len() < MAX_WRITES {
        let fits = |next: &RegistryWrite| batch.iter().all(|w| w.agent_id() != next.agent_id());
        if !waiting.front().is_some_and(fits) {
            break;
        }
        batch.extend(waiting.pop_front());
    }
    batch
}

/// Whether it has been written; if not, the leadership is over.
async fn write<L: Leadership>(
    leadership: &L,
    batch: &[RegistryWrite],
    over: &CancellationToken,
) -> bool {
    loop {
        let attempt = tokio::select! {
            () = over.cancelled() => return false,
            attempt = leadership.write(batch) => attempt,
        };
        match attempt {
            Ok(()) => return true,
            Err(NotWritten::Deposed) => {
                over.cancel();
                return false;
            }
            Err(NotWritten::TryAgain(cause)) => {
                tracing::warn!(%cause, "the registry was not written; trying again");
                tokio::select! {
                    () = over.cancelled() => return false,
                    () = tokio::time::sleep(PAUSE) => {}
                }
            }
        }
    }
}
