use crate::lifeline::LIFELINE;
use crate::log::Log;
use crate::{Ended, Unit};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::signal::{Signal, kill, killpg};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::Pid;
use std::io::{self, PipeReader, Read};
use std::os::fd::{BorrowedFd, RawFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// How long the last output may take to arrive after the process is gone. Only a process that left
/// the group and kept the output open uses it up.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// A unit's running process, in a process group of its own.
pub(crate) struct Process {
    pid: Pid,
    /// Whether the pid is still ours: false once it is reaped, when it may become another's.
    ours: Arc<Mutex<bool>>,
}

impl Process {
    /// Starts the unit's command. `on_end` is called once, from a thread of its own, when the
    /// process has ended and its output is in the log.
    pub fn spawn(
        unit: &Unit,
        notify: &Path,
        lifeline: RawFd,
        log: Arc<Log>,
        on_end: impl FnOnce(Ended) + Send + 'static,
    ) -> io::Result<Self> {
        log.begin()?;
        let (output, input) = io::pipe()?;
        let mut command = command(unit, notify, lifeline)?;
        command.stdin(Stdio::null()).stdout(input.try_clone()?).stderr(input);
        let child = command.spawn()?;
        // The command holds the pipe's other end: only when it is gone can the output end.
        drop(command);
        let pid = Pid::from_raw(i32::try_from(child.id()).unwrap_or(i32::MAX));
        let ours = Arc::new(Mutex::new(true));
        let process = Self { pid, ours: Arc::clone(&ours) };
        let written = follow(&unit.name, output, log)?;
        let wait = move || {
            let ended = reap(child, pid, &ours);
            // An error means that the log is complete.
            let _ = written.recv_timeout(LAST_WORDS);
            on_end(ended);
        };
        thread::Builder::new().name(format!("{}-wait", unit.name)).spawn(wait)?;
        Ok(process)
    }

    pub fn pid(&self) -> i32 {
        self.pid.as_raw()
    }

    /// Asks the process, and it alone, to end.
    pub fn terminate(&self) {
        self.signal(|pid| kill(pid, Signal::SIGTERM));
    }

    /// Ends the process and all of its group.
    pub fn kill(&self) {
        self.signal(|pid| killpg(pid, Signal::SIGKILL));
    }

    fn signal(&self, send: impl FnOnce(Pid) -> nix::Result<()>) {
        let ours = self.ours.lock().unwrap_or_else(PoisonError::into_inner);
        if *ours && let Err(error) = send(self.pid) {
            tracing::debug!(pid = self.pid.as_raw(), %error, "a signal did not arrive");
        }
    }
}

fn command(unit: &Unit, notify: &Path, lifeline: RawFd) -> io::Result<Command> {
    let missing = || io::Error::new(io::ErrorKind::InvalidInput, "the unit has no command");
    let (program, args) = unit.command.split_first().ok_or_else(missing)?;
    let mut command = Command::new(program);
    command.args(args).process_group(0);
    command.envs(unit.env.iter().map(|(name, value)| (name, value)));
    command.env("NOTIFY_SOCKET", notify).env(LIFELINE, lifeline.to_string());
    // SAFETY: between fork and exec the closure makes one system call and allocates nothing; the
    // descriptor is open as long as the supervisor is.
    unsafe {
        command.pre_exec(move || {
            let lifeline = BorrowedFd::borrow_raw(lifeline);
            fcntl(lifeline, FcntlArg::F_SETFD(FdFlag::empty())).map(drop).map_err(Into::into)
        });
    }
    Ok(command)
}

/// Copies the output to the log until nobody can write to it any more; the channel closes then.
fn follow(name: &str, mut output: PipeReader, log: Arc<Log>) -> io::Result<Receiver<()>> {
    let (done, written) = sync_channel(1);
    let copy = move || {
        let mut buffer = vec![0; 16 * 1024];
        loop {
            match output.read(&mut buffer) {
                Ok(0) => break,
                Ok(length) => log.write(&buffer[..length]),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        drop(done);
    };
    thread::Builder::new().name(format!("{name}-log")).spawn(copy)?;
    Ok(written)
}

/// Waits for the end, kills what is left of the group, and only then gives the pid back.
fn reap(mut child: Child, pid: Pid, ours: &Mutex<bool>) -> Ended {
    let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT;
    // Other errors come after the wait: nix has no name for the signal that ended the process.
    while waitid(Id::Pid(pid), flags) == Err(Errno::EINTR) {}
    let mut ours = ours.lock().unwrap_or_else(PoisonError::into_inner);
    let _ = killpg(pid, Signal::SIGKILL);
    let ended = child.wait();
    *ours = false;
    match ended {
        Ok(status) => match (status.code(), status.signal()) {
            (Some(code), _) => Ended::Code(code),
            (None, Some(signal)) => Ended::Signal(signal),
            (None, None) => Ended::NotStarted(format!("it vanished: {status}")),
        },
        Err(e) => Ended::NotStarted(format!("it vanished: {e}")),
    }
}
