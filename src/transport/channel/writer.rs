use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncWrite, AsyncWriteExt};

/// A command's standard input; shutting it down is its end of file.
pub struct ChannelWriter {
    pub(crate) inner: Box<dyn AsyncWrite + Send + Unpin>,
}

impl ChannelWriter {
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
        Pin::new(&mut self.inner).poll_write(cx, data)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

impl fmt::Debug for ChannelWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChannelWriter")
    }
}
