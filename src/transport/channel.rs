//! A running command on a host: its input, its output, how it ended.

mod end;
mod exit;
mod reader;
mod tail;
mod writer;

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

pub use end::ChannelEnd;
pub(crate) use end::Ender;
pub use exit::{Exit, Output};
pub use reader::ChannelReader;
pub(crate) use tail::Tail;
pub use writer::ChannelWriter;

/// A running command. Reads come from its standard output, writes go to its standard input; both
/// wait when the other side is slow. The three parts may be taken apart to use them in different
/// tasks; the command ends when `end` is dropped.
#[derive(Debug)]
pub struct Channel {
    pub stdin: ChannelWriter,
    pub stdout: ChannelReader,
    pub end: ChannelEnd,
}

impl AsyncRead for Channel {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stdout).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Channel {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stdin).poll_write(cx, data)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stdin).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stdin).poll_shutdown(cx)
    }
}
