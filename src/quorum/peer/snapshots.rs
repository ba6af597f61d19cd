//! Snapshots in chunks, one gRPC stream each.

use super::links::Wire;
use crate::blocking::blocking;
use crate::machine::{SnapshotData, write_out};
use crate::mvcc::{MvccError, ReadTables};
use crate::raft::{Config, Raft, SnapshotMeta, Vote};
use crate::wire::{Envelope, PeerClient, SnapshotChunk, SnapshotResponse};
use openraft::Snapshot;
use openraft::error::{Fatal, NetworkError, StreamingError, Unreachable};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status, Streaming};

/// Chunks that wait to be sent.
const QUEUE: usize = if cfg!(test) { 1024 } else { 4 };
/// Longest wait for the next chunk.
const STALL: Duration = Duration::from_secs(30);
/// For the whole of a snapshot, its installation included.
const LIMIT: Duration = Duration::from_secs(3600);

/// Until a snapshot is tried again that a voter had no room for.
const PAUSE: Duration = Duration::from_secs(5);

type SendError = StreamingError<Config, Fatal<u64>>;

/// Sends a snapshot of our state and waits until it is installed.
pub async fn send(
    mut client: PeerClient<Wire>,
    name: &str,
    envelope: Envelope,
    vote: Vote,
    snapshot: Snapshot<Config>,
) -> Result<openraft::raft::SnapshotResponse<u64>, SendError> {
    let SnapshotData::View(view) = *snapshot.snapshot else {
        let cause = Status::internal("a snapshot that was received is not sent on");
        return Err(Unreachable::new(&cause).into());
    };
    let meta = serde_json::to_vec(&snapshot.meta).map_err(|e| NetworkError::new(&e))?;
    let (envelope, vote) = (Some(envelope), Some(vote.into()));
    let head = SnapshotChunk { envelope, vote, meta: meta.into(), ..Default::default() };
    let (chunks, receiver) = mpsc::channel(QUEUE);
    let reading = tokio::spawn(blocking(move || read_out(&view, head, &chunks)));
    let call = client.snapshot(ReceiverStream::new(receiver));
    let answer = tokio::time::timeout(LIMIT, call).await;
    let answer =
        answer.unwrap_or_else(|_| Err(Status::deadline_exceeded("a snapshot took too long")));
    if let Ok(Ok(Err(error))) = reading.await {
        tracing::error!(%error, "a snapshot could not be read");
    }
    let answer = match answer {
        Ok(answer) => answer.into_inner(),
        Err(status) => return Err(refused(name, &status).await),
    };
    let vote = answer.vote.ok_or_else(|| {
        NetworkError::new(&Status::internal("the answer to a snapshot carries no vote"))
    })?;
    Ok(openraft::raft::SnapshotResponse::new(vote.into()))
}

/// A voter whose disk is full need not be sent everything again at once.
async fn refused(name: &str, status: &Status) -> SendError {
    if status.code() == Code::ResourceExhausted {
        tracing::warn!(voter = name, cause = status.message(), "a voter does not take the state");
        tokio::time::sleep(PAUSE).await;
    }
    Unreachable::new(status).into()
}

/// Reads a view into chunks until its end, or until nobody listens. Blocks.
fn read_out(
    view: &ReadTables,
    head: SnapshotChunk,
    chunks: &mpsc::Sender<SnapshotChunk>,
) -> Result<(), MvccError> {
    let mut sent = push(chunks, head);
    write_out(view, |data| {
        sent = sent && push(chunks, SnapshotChunk { data, ..Default::default() });
        sent
    })?;
    if sent {
        // Only this makes it whole; should nobody listen, the sender hears why.
        push(chunks, SnapshotChunk { done: true, ..Default::default() });
    }
    Ok(())
}

/// Waits for room. False: nobody listens.
fn push(chunks: &mpsc::Sender<SnapshotChunk>, chunk: SnapshotChunk) -> bool {
    // A simulation has no thread to wait on, but room enough.
    #[cfg(test)]
    if crate::simulation::is_running() {
        return chunks.try_send(chunk).is_ok();
    }
    chunks.blocking_send(chunk).is_ok()
}

/// Takes in a snapshot; its first chunk was read by the caller.
pub async fn receive(
    raft: &Raft,
    first: SnapshotChunk,
    mut rest: Streaming<SnapshotChunk>,
) -> Result<SnapshotResponse, Status> {
    let vote: Vote = first.vote.ok_or_else(|| Status::invalid_argument("no vote"))?.into();
    let meta: SnapshotMeta = serde_json::from_slice(&first.meta)
        .map_err(|e| Status::invalid_argument(format!("what the snapshot holds: {e}")))?;
    let stopped = |e: &dyn std::fmt::Display| Status::unavailable(e.to_string());
    let mut data = raft.begin_receiving_snapshot().await.map_err(|e| stopped(&e))?;
    loop {
        let next = tokio::time::timeout(STALL, rest.next()).await;
        let next = next.map_err(|_| Status::deadline_exceeded("a snapshot has stalled"))?;
        let chunk = next.ok_or_else(|| Status::aborted("a snapshot was cut"))??;
        if chunk.done {
            break;
        }
        data = write(data, chunk).await?;
    }
    data.check().map_err(|e| no_room(&e))?;
    let snapshot = Snapshot { meta, snapshot: data };
    let response = raft.install_full_snapshot(vote, snapshot).await.map_err(|e| stopped(&e))?;
    Ok(SnapshotResponse { vote: Some(response.vote.into()) })
}

async fn write(
    mut data: Box<SnapshotData>,
    chunk: SnapshotChunk,
) -> Result<Box<SnapshotData>, Status> {
    let written = blocking(move || data.receive(&chunk.data).map(|()| data)).await;
    let written = written.map_err(|e| Status::internal(e.to_string()))?;
    written.map_err(|e| no_room(&e))
}

fn no_room(error: &dyn std::fmt::Display) -> Status {
    Status::resource_exhausted(format!("the snapshot cannot be stored: {error}"))
}
