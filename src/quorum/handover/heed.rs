use super::give_way;
use crate::peer::Peers;
use crate::raft::Vote;
use tokio::sync::mpsc::Receiver;

/// Steps back from leading for each vote above its own that another voter answered with.
///
/// openraft 0.9 would do so itself; but it ends the replication to the one that answered first, and where
/// it has a snapshot for it before it heeds the vote, finds nobody to send it and ends for good
/// (`replication channel closed`). So it is not told by the answer (see `peer::network`), but here.
pub async fn heed(mut higher: Receiver<Vote>, peers: Peers) {
    while let Some(vote) = higher.recv().await {
        if let Err(cause) = give_way(&peers.raft, peers.me, vote).await {
            tracing::warn!(cause, "a higher vote could not be heeded");
        }
    }
    // Raft has ended, and lets go of the other end: why is told by who waits for that.
    std::future::pending().await
}
