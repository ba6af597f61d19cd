use super::Api;
use crate::backup;
use crate::mvcc::Tables;
use mesoform_etcd::pb::{ResponseHeader, SnapshotResponse};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

/// Chunks that wait to be sent.
const QUEUE: usize = 4;

impl Api {
    /// A backup of this voter's state as it is now, in chunks; see [`backup`].
    ///
    /// # Errors
    /// The storage failed.
    pub(super) fn stream_backup(&self) -> Result<Chunks, Status> {
        let view = self.state.read()?;
        let header = Some(self.headers.at(view.revision()));
        let (cluster, id) = (self.cluster.clone(), self.headers.directory.cluster_id());
        let (chunks, receiver) = mpsc::channel(QUEUE);
        tokio::task::spawn_blocking(move || {
            let written = backup::write(&view, &cluster, id, |blob| {
                chunks.blocking_send(Ok(chunk(header, blob))).is_ok()
            });
            if let Err(error) = written {
                // Where nobody listens any more, nobody needs to know.
                let _ = chunks.blocking_send(Err(error.into()));
            }
        });
        Ok(ReceiverStream::new(receiver))
    }
}

pub(super) type Chunks = ReceiverStream<Result<SnapshotResponse, Status>>;

/// How much is to come is only known at the end; clients read until then.
fn chunk(header: Option<ResponseHeader>, blob: bytes::Bytes) -> SnapshotResponse {
    SnapshotResponse { header, remaining_bytes: 0, blob }
}
