use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncWrite, AsyncWriteExt};

/// A command's standard input; shutting it down is its end of file.
pub struct ChannelWriter {
    /// None once it is shut down: a pipe ends only when nobody holds it any more.
    inner: Option<Box<dyn AsyncWrite + Send + Unpin>>,
}

impl ChannelWriter {
    pub(crate) fn new(inner: impl AsyncWrite + Send + Unpin + 'static) -> Self {
        Self { inner: Some(Box::new(inner)) }
    }

    /// Writes it all and ends the input. A command that does not want to read to the end is no
    /// error: its exit says what matters.
    pub async fn finish_with(&mut self, data: &[u8]) {
        if self.write_all(data).await.is_ok() {
            let _ = self.shutdown().await;
        }
    }
}

impl AsyncWrite for ChannelWriter {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.inner {
            Some(inner) => Pin::new(inner).poll_write(cx, data),
            None => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.inner {
            Some(inner) => Pin::new(inner).poll_flush(cx),
            None => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(inner) = &mut self.inner else { return Poll::Ready(Ok(())) };
        let shut = ready!(Pin::new(inner).poll_shutdown(cx));
        self.inner = None;
        Poll::Ready(shut)
    }
}

impl fmt::Debug for ChannelWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChannelWriter")
    }
}
