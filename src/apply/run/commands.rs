use super::{Call, Done, Run};
use crate::{ApplyError, Result};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

/// Output beyond this is thrown away.
const MAX_OUTPUT: u64 = 1024 * 1024;

/// Commands of this machine, with a plain environment.
#[derive(Debug, Clone, Copy, Default)]
pub struct Commands;

impl Run for Commands {
    fn run(&self, call: &Call) -> Result<Done> {
        let mut child = spawn(call).map_err(|error| not_started(call, &error))?;
        let deadline = Instant::now() + call.timeout;
        let stdout = child.stdout.take().map(collect);
        let stderr = child.stderr.take().map(collect);
        let (Some(stdout), Some(stderr), Some(status)) =
            (receive(stdout, deadline), receive(stderr, deadline), wait(&mut child, deadline))
        else {
            end(&mut child);
            let cause = format!("did not end within {} s", call.timeout.as_secs());
            return Err(ApplyError::Command { command: call.line(), cause });
        };
        Ok(Done { code: status.code(), stdout, stderr })
    }
}

fn spawn(call: &Call) -> io::Result<Child> {
    Command::new(&call.program)
        .args(&call.args)
        .env_clear()
        .env("PATH", "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin")
        .env("LC_ALL", "C")
        .env("SYSTEMD_COLORS", "0")
        .env("SYSTEMD_PAGER", "")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // A group of its own, so that what it started can be ended with it.
        .process_group(0)
        .spawn()
}

fn not_started(call: &Call, error: &io::Error) -> ApplyError {
    if error.kind() == io::ErrorKind::NotFound {
        return ApplyError::NoCommand { program: call.program.clone() };
    }
    ApplyError::Command { command: call.line(), cause: error.to_string() }
}

fn collect(mut pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (send, receive) = sync_channel(1);
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = pipe.by_ref().take(MAX_OUTPUT).read_to_end(&mut bytes);
        // Whoever writes on must not be stopped by a full pipe.
        let drained = read.and_then(|_| io::copy(&mut pipe, &mut io::sink()));
        drop(drained);
        drop(send.send(String::from_utf8_lossy(&bytes).into_owned()));
    });
    receive
}

fn receive(from: Option<Receiver<String>>, deadline: Instant) -> Option<String> {
    from?.recv_timeout(deadline.saturating_duration_since(Instant::now())).ok()
}

/// Its output has ended, so it ends at once as a rule.
fn wait(child: &mut Child, deadline: Instant) -> Option<ExitStatus> {
    loop {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(status);
        }
        if Instant::now() >= deadline {
            return None;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn end(child: &mut Child) {
    if let Ok(pid) = i32::try_from(child.id()) {
        let _ = killpg(Pid::from_raw(pid), Signal::SIGKILL);
    }
    drop(child.wait());
}
