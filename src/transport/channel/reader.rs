use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, ReadBuf};

use super::end::Outcome;

/// A command's standard output. A lost connection is an error here, never a clean end.
pub struct ChannelReader {
    pub(crate) inner: Box<dyn AsyncRead + Send + Unpin>,
    pub(crate) outcome: Outcome,
}

impl AsyncRead for ChannelReader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.inner).poll_read(cx, buffer);
        match (&polled, self.outcome.lost()) {
            (Poll::Ready(Ok(())), Some(cause))
                if buffer.filled().len() == before && buffer.remaining() > 0 =>
            {
                Poll::Ready(Err(io::Error::new(io::ErrorKind::ConnectionAborted, cause)))
            }
            _ => polled,
        }
    }
}

impl fmt::Debug for ChannelReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChannelReader")
    }
}
