//! Between an SSH channel and the pipes that a caller reads and writes. The channel's messages are
//! always taken, so that one slow command's input cannot block its own output.

use std::sync::Arc;

use russh::client::Msg;
use russh::{ChannelMsg, ChannelReadHalf, ChannelWriteHalf};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio_util::sync::CancellationToken;

use crate::channel::{Channel, ChannelEnd, ChannelReader, ChannelWriter, Ender, Exit, Tail};

/// What is held in each direction between us and the caller.
const PIPE: usize = 256 * 1024;
/// Standard error's number in SSH_MSG_CHANNEL_EXTENDED_DATA.
const STDERR: u32 = 1;

pub(super) fn channel(
    host: Arc<str>,
    read: ChannelReadHalf,
    write: ChannelWriteHalf<Msg>,
) -> Channel {
    let stderr = Tail::default();
    let (end, ender, outcome, hangup) = ChannelEnd::new(host, stderr.clone());
    // Of each pair one direction is used: unlike a simplex's halves, they end when one is dropped.
    let (stdout, stdout_in) = duplex(PIPE);
    let (stdin_out, stdin) = duplex(PIPE);
    let ended = CancellationToken::new();
    tokio::spawn(inward(stdin_out, write, hangup, ended.clone()));
    tokio::spawn(outward(read, stdout_in, stderr, ender, ended));
    Channel {
        stdin: ChannelWriter::new(stdin),
        stdout: ChannelReader { inner: Box::new(stdout), outcome },
        end,
    }
}

/// From the caller to the command, until either is done.
async fn inward(
    mut stdin: DuplexStream,
    write: ChannelWriteHalf<Msg>,
    hangup: CancellationToken,
    ended: CancellationToken,
) {
    let feed = async {
        let mut buffer = bytes::BytesMut::with_capacity(64 * 1024);
        while matches!(stdin.read_buf(&mut buffer).await, Ok(read) if read > 0) {
            if write.data_bytes(buffer.split().freeze()).await.is_err() {
                return;
            }
            buffer.reserve(64 * 1024);
        }
        let _ = write.eof().await;
        // The channel stays open for the output.
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = feed => {}
        () = hangup.cancelled() => {}
        () = ended.cancelled() => {}
    }
    let _ = write.close().await;
}

/// From the command to the caller. The end is announced before the output's end shows, so that a
/// reader at the end of the output knows whether it was a clean one.
async fn outward(
    mut read: ChannelReadHalf,
    stdout: DuplexStream,
    stderr: Tail,
    ender: Ender,
    ended: CancellationToken,
) {
    let mut stdout = Some(stdout);
    let mut exit = None;
    let mut refused = false;
    while let Some(message) = read.wait().await {
        match message {
            ChannelMsg::Data { data } => deliver(&mut stdout, &data).await,
            ChannelMsg::ExtendedData { data, ext: STDERR } => stderr.push(&data),
            ChannelMsg::ExitStatus { exit_status } => exit = Some(Exit::Code(exit_status)),
            ChannelMsg::ExitSignal { signal_name, .. } => {
                exit = Some(Exit::Signal(signal(&signal_name)))
            }
            ChannelMsg::Failure => {
                refused = true;
                break;
            }
            ChannelMsg::Eof => drop(stdout.take()),
            ChannelMsg::Close => break,
            _ => {}
        }
    }
    match exit {
        Some(exit) => ender.exited(exit),
        None if refused => ender.refused("it answers a request for a command with a failure"),
        None => ender.lost("it broke off before the command's end"),
    }
    ended.cancel();
}

/// A caller that does not read any more is no reason to stop taking what comes.
async fn deliver(stdout: &mut Option<DuplexStream>, data: &[u8]) {
    if let Some(pipe) = stdout
        && pipe.write_all(data).await.is_err()
    {
        *stdout = None;
    }
}

fn signal(signal: &russh::Sig) -> String {
    match signal {
        russh::Sig::Custom(name) => name.clone(),
        known => format!("{known:?}"),
    }
}
