use mesoform_etcd::pb::WatchResponse;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::vec;
use tokio::sync::mpsc;
use tokio_stream::Stream;
use tonic::Status;

/// Responses that are handed over together.
pub type Batch = Vec<Result<WatchResponse, Status>>;

/// The responses of batches, one by one. Those of one batch are there at once, so that they are encoded
/// into one buffer and wake up their sender and their connection once.
pub struct Batches {
    incoming: mpsc::Receiver<Batch>,
    current: vec::IntoIter<Result<WatchResponse, Status>>,
}

impl Batches {
    pub fn new(incoming: mpsc::Receiver<Batch>) -> Self {
        Self { incoming, current: Vec::new().into_iter() }
    }
}

impl Stream for Batches {
    type Item = Result<WatchResponse, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(response) = self.current.next() {
                return Poll::Ready(Some(response));
            }
            match ready!(self.incoming.poll_recv(cx)) {
                Some(batch) => self.current = batch.into_iter(),
                None => return Poll::Ready(None),
            }
        }
    }
}
