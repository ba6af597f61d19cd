//! The stream of records to one agent or framework. What waits in it is bounded, in bytes and in time:
//! whoever reads too slowly is cut off rather than buffered for.

use crate::core::LinkId;
use bytes::Bytes;
use futures::Stream;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// How long records may wait without any of them being taken.
const MAX_STALL: Duration = Duration::from_secs(60);

/// The sending end, with the engine.
#[derive(Debug)]
pub struct Outbox {
    records: mpsc::UnboundedSender<Bytes>,
    fill: Arc<Fill>,
    limit: usize,
}

/// The body of an HTTP answer.
pub struct OutboxStream {
    link: LinkId,
    records: mpsc::UnboundedReceiver<Bytes>,
    fill: Arc<Fill>,
    gone: mpsc::UnboundedSender<LinkId>,
    over: CancellationToken,
}

#[derive(Debug)]
struct Fill {
    waiting: AtomicUsize,
    start: Instant,
    /// Milliseconds since `start`.
    last_taken: AtomicU64,
}

/// The reader is too slow, or gone.
#[derive(Debug)]
pub struct TooSlow;

pub(super) fn channel(
    link: LinkId,
    limit: usize,
    gone: mpsc::UnboundedSender<LinkId>,
    over: CancellationToken,
) -> (Outbox, OutboxStream) {
    // Bounded by `limit`, in bytes.
    let (sender, records) = mpsc::unbounded_channel();
    let fill = Arc::new(Fill {
        waiting: AtomicUsize::new(0),
        start: Instant::now(),
        last_taken: AtomicU64::new(0),
    });
    let outbox = Outbox { records: sender, fill: fill.clone(), limit };
    (outbox, OutboxStream { link, records, fill, gone, over })
}

impl Outbox {
    pub fn push(&self, record: Bytes) -> Result<(), TooSlow> {
        let waiting = self.fill.waiting.load(Ordering::Acquire);
        if waiting == 0 {
            self.fill.touch();
        } else if waiting + record.len() > self.limit || self.fill.stalled() > MAX_STALL {
            return Err(TooSlow);
        }
        self.fill.waiting.fetch_add(record.len(), Ordering::AcqRel);
        self.records.send(record).map_err(|_| TooSlow)
    }
}

impl Fill {
    fn touch(&self) {
        self.last_taken.store(self.elapsed(), Ordering::Release);
    }

    fn stalled(&self) -> Duration {
        Duration::from_millis(
            self.elapsed().saturating_sub(self.last_taken.load(Ordering::Acquire)),
        )
    }

    fn elapsed(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl Stream for OutboxStream {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        // A master that was deposed sends nothing more, not even what waits already. The engine drops
        // the sending ends when its leadership is over, which wakes this up.
        if self.over.is_cancelled() {
            return Poll::Ready(None);
        }
        let next = self.records.poll_recv(context);
        if let Poll::Ready(Some(record)) = &next {
            self.fill.waiting.fetch_sub(record.len(), Ordering::AcqRel);
            self.fill.touch();
        }
        next.map(|record| record.map(Ok))
    }
}

impl Drop for OutboxStream {
    fn drop(&mut self) {
        let _ = self.gone.send(self.link);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::StreamExt;

    #[tokio::test]
    async fn what_waits_is_bounded_and_the_end_is_told() {
        let (gone, mut lost) = mpsc::unbounded_channel();
        let over = CancellationToken::new();
        let (outbox, mut stream) = channel(LinkId(7), 10, gone, over.clone());
        // One record always fits, however long it is.
        outbox.push(Bytes::from_static(&[0; 20])).unwrap();
        outbox.push(Bytes::from_static(b"x")).unwrap_err();
        assert_eq!(stream.next().await.unwrap().unwrap().len(), 20);
        outbox.push(Bytes::from_static(b"x")).unwrap();
        over.cancel();
        assert!(stream.next().await.is_none(), "nothing is sent after the leadership");
        drop(stream);
        assert_eq!(lost.recv().await, Some(LinkId(7)));
        outbox.push(Bytes::from_static(b"y")).unwrap_err();
    }
}
