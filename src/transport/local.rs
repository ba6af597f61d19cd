//! This machine as a host, with no connection at all.

use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;

use futures::future::BoxFuture;
use tokio::io::AsyncReadExt;
use tokio::process::{Child, ChildStderr, Command};
use tokio_util::sync::CancellationToken;

use crate::carrier::Carrier;
use crate::channel::{Channel, ChannelEnd, ChannelReader, ChannelWriter, Ender, Exit, Tail};
use crate::{Result, TransportError};

/// Runs commands here, with `sh`.
pub(crate) struct Local {
    host: Arc<str>,
}

impl Local {
    pub fn new(host: &str) -> Self {
        Self { host: host.into() }
    }

    fn spawn(&self, command: &str) -> Result<Channel> {
        let failed = |cause: String| TransportError::Local { host: self.host.to_string(), cause };
        let spawned = Command::new("sh")
            .args(["-c", command])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn();
        let mut child = spawned.map_err(|error| failed(error.to_string()))?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(stdin), Some(stdout), Some(stderr)) = pipes else {
            return Err(failed("the shell has no pipes".to_owned()));
        };
        let tail = Tail::default();
        let (end, ender, outcome, hangup) = ChannelEnd::new(self.host.clone(), tail.clone());
        tokio::spawn(watch(child, stderr, tail, ender, hangup));
        Ok(Channel {
            stdin: ChannelWriter::new(stdin),
            stdout: ChannelReader { inner: Box::new(stdout), outcome },
            end,
        })
    }
}

impl Carrier for Local {
    fn start<'a>(&'a self, command: &'a str) -> BoxFuture<'a, Result<Channel>> {
        Box::pin(async move { self.spawn(command) })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

/// Takes the command's standard error and tells how it ended.
async fn watch(
    mut child: Child,
    stderr: ChildStderr,
    tail: Tail,
    ender: Ender,
    hangup: CancellationToken,
) {
    // What a command left behind in the background may hold standard error open after its end.
    let collector = tokio::spawn(collect(stderr, tail));
    let status = tokio::select! {
        status = child.wait() => status,
        () = hangup.cancelled() => {
            let _ = child.kill().await;
            collector.abort();
            return;
        }
    };
    let _ = tokio::time::timeout(std::time::Duration::from_millis(200), collector).await;
    match status {
        Ok(status) => ender.exited(exit(status)),
        Err(error) => ender.lost(&error.to_string()),
    }
}

async fn collect(mut stderr: ChildStderr, tail: Tail) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(read) = stderr.read(&mut buffer).await {
        match buffer.get(..read) {
            Some(data) if read > 0 => tail.push(data),
            _ => return,
        }
    }
}

fn exit(status: ExitStatus) -> Exit {
    match (status.code(), status.signal()) {
        (Some(code), _) => Exit::Code(code.unsigned_abs()),
        (None, Some(signal)) => Exit::Signal(signal.to_string()),
        (None, None) => Exit::Code(u32::MAX),
    }
}
