use crate::machine::SnapshotData;
use crate::raft::{Raft, SnapshotMeta, Vote};
use openraft::Snapshot;
use std::fmt::Display;

/// Lets `vote`'s voter lead next: it stands if it is this one, and else has this one's promise.
///
/// # Errors
/// Raft has ended.
pub async fn give_way(raft: &Raft, me: u64, vote: Vote) -> Result<(), String> {
    if vote.leader_id.node_id == me {
        return raft.trigger().elect().await.map_err(words);
    }
    promise(raft, vote).await
}

/// Notes that nobody with a lesser vote is heeded any more, which also ends the time for which the
/// present leader would be waited for. That is safe at any time: it is what a voter does when it hears
/// of a later term. Whether the vote is then granted depends on the log, as always.
///
/// openraft 0.9 has no call for it; but it comes with everything that a leader sends, of which a
/// snapshot of nothing changes nothing else.
async fn promise(raft: &Raft, vote: Vote) -> Result<(), String> {
    let data: Box<SnapshotData> = raft.begin_receiving_snapshot().await.map_err(words)?;
    let nothing = Snapshot { meta: SnapshotMeta::default(), snapshot: data };
    raft.install_full_snapshot(vote, nothing).await.map(drop).map_err(words)
}

fn words(error: impl Display) -> String {
    error.to_string()
}
