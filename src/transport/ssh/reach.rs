//! Getting a byte stream to a host's sshd: directly, through jump hosts, or through a command.

use std::io;
use std::process::Stdio;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use russh::client::Handle;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::time::timeout;

use super::Client;
use crate::target::Target;
use crate::{Result, TransportError};

/// A byte stream to an sshd.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Reaches the host: through `hop` where there is one.
pub(super) async fn reach(
    target: &Target,
    hop: Option<&Handle<Client>>,
) -> Result<Box<dyn Stream>> {
    match (hop, &target.proxy_command) {
        (Some(hop), _) => through(target, hop).await,
        (None, Some(command)) => by_command(target, command),
        (None, None) => directly(target).await,
    }
}

/// A host that just booted refuses for a moment; one that is switched off never answers. Both are
/// tried again, within the target's time-out; nothing else is.
async fn directly(target: &Target) -> Result<Box<dyn Stream>> {
    let backoff = ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(100))
        .with_max_delay(Duration::from_secs(1))
        .with_max_times(4);
    let last = Mutex::new(None);
    let attempt = || async {
        let stream = TcpStream::connect((target.address.as_str(), target.port)).await;
        let stream = stream.inspect_err(|error| {
            *last.lock().unwrap_or_else(PoisonError::into_inner) = Some(unreachable(target, error));
        })?;
        stream.set_nodelay(true)?;
        Ok::<_, io::Error>(stream)
    };
    let again = |error: &io::Error| {
        matches!(error.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::TimedOut)
    };
    match timeout(target.timeout, attempt.retry(backoff).when(again)).await {
        Ok(Ok(stream)) => Ok(Box::new(stream)),
        Ok(Err(error)) => Err(unreachable(target, &error)),
        Err(_) => {
            let last = last.into_inner().unwrap_or_else(PoisonError::into_inner);
            Err(last.unwrap_or_else(|| silent(target)))
        }
    }
}

async fn through(target: &Target, hop: &Handle<Client>) -> Result<Box<dyn Stream>> {
    let (address, port) = (target.address.as_str(), u32::from(target.port));
    let open = hop.channel_open_direct_tcpip(address, port, "127.0.0.1", 0);
    match timeout(target.timeout, open).await {
        Ok(Ok(channel)) => Ok(Box::new(channel.into_stream())),
        Ok(Err(error)) => Err(TransportError::Unreachable {
            host: target.name.clone(),
            address: place(target),
            cause: format!("the jump host cannot reach it: {error}"),
            cure: "check the host, and that the jump host's sshd allows TCP forwarding",
        }),
        Err(_) => Err(silent(target)),
    }
}

fn by_command(target: &Target, command: &str) -> Result<Box<dyn Stream>> {
    let spawned = Command::new("sh")
        .args(["-c", command])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let failed = |cause: String| TransportError::Unreachable {
        host: target.name.clone(),
        address: place(target),
        cause: format!("its ProxyCommand cannot be started: {cause}"),
        cure: "correct ProxyCommand in ~/.ssh/config or in the inventory's ssh options",
    };
    let mut child = spawned.map_err(|error| failed(error.to_string()))?;
    match (child.stdout.take(), child.stdin.take()) {
        // The command ends when its input does; tokio collects it then.
        (Some(stdout), Some(stdin)) => Ok(Box::new(tokio::io::join(stdout, stdin))),
        _ => Err(failed("it has no input and output".to_owned())),
    }
}

fn unreachable(target: &Target, error: &io::Error) -> TransportError {
    let (cause, cure) = match error.kind() {
        io::ErrorKind::ConnectionRefused => {
            ("connection refused".to_owned(), "check that sshd runs there, and ansible_port")
        }
        io::ErrorKind::TimedOut => return silent(target),
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            (error.to_string(), "check that the host is up, and the network to it")
        }
        _ if error.to_string().contains("lookup") => {
            (error.to_string(), "set ansible_host to its address, or correct the name")
        }
        _ => (error.to_string(), "check that the host is up, and ansible_host"),
    };
    TransportError::Unreachable { host: target.name.clone(), address: place(target), cause, cure }
}

fn silent(target: &Target) -> TransportError {
    TransportError::Unreachable {
        host: target.name.clone(),
        address: place(target),
        cause: format!("no answer within {} s", target.timeout.as_secs_f32()),
        cure: "check that the host is up and no firewall drops the connection, or raise ansible_timeout",
    }
}

pub(super) fn place(target: &Target) -> String {
    if target.address.contains(':') {
        format!("[{}]:{}", target.address, target.port)
    } else {
        format!("{}:{}", target.address, target.port)
    }
}
