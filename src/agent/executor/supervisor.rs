//! The executor's loop: waits for its child, its clients, its signals and its lifeline.

use super::client::Client;
use super::life::{Effect, Input, Life};
use super::output::Output;
use super::process::Started;
use super::protocol::{Asked, Told};
use super::signals::{Asks, Signals};
use super::{
    ExecutorError, Exit, LIFELINE, Outcome, Program, TaskFile, exit, process, socket, tree,
};
use crate::disk;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use std::mem::ManuallyDrop;
use std::os::fd::{AsFd as _, FromRawFd as _, OwnedFd};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// More connections than these are closed at once.
const MAX_CLIENTS: usize = 8;
/// How long the killed may take to be gone before the exit is recorded without them.
const BURIAL: Duration = Duration::from_secs(5);

pub struct Supervisor {
    dir: PathBuf,
    task: TaskFile,
    life: Life,
    since: Instant,
    signals: Signals,
    listener: UnixListener,
    /// Held to the end of the process, cut or not: whoever cut it sees by it when all is gone.
    lifeline: Option<ManuallyDrop<OwnedFd>>,
    cut: bool,
    clients: Vec<Client>,
    pid: Option<Pid>,
    outputs: Vec<Output>,
    told: Option<Told>,
    leaving: bool,
}

impl Supervisor {
    pub fn new(dir: &Path, task: TaskFile) -> Result<Self, ExecutorError> {
        Ok(Self {
            dir: dir.to_owned(),
            life: Life::new(),
            since: Instant::now(),
            signals: Signals::take()?,
            listener: socket::listen(&task.socket)?,
            lifeline: lifeline()?.map(ManuallyDrop::new),
            cut: false,
            clients: Vec::new(),
            pid: None,
            outputs: Vec::new(),
            told: None,
            leaving: false,
            task,
        })
    }

    pub fn run(mut self) -> Result<(), ExecutorError> {
        self.start();
        self.look_around();
        while !self.leaving {
            self.wait()?;
            self.reap();
            self.look_around();
        }
        let _ = std::fs::remove_file(&self.task.socket);
        Ok(())
    }

    /// What is due, and whether anybody still has to hear of the end.
    fn look_around(&mut self) {
        if self.clients.iter().all(|client| client.heard) {
            self.handle(Input::AllHeard);
        }
        self.handle(Input::Tick);
    }

    fn start(&mut self) {
        match process::start(&self.task) {
            Ok(Started { pid, outputs }) => {
                self.pid = Some(pid);
                self.outputs = outputs;
                self.told = Some(Told::Running { pid: pid.as_raw(), started_ms: exit::now_ms() });
            }
            Err(message) => self.handle(Input::Ended { outcome: Outcome::NotStarted, message }),
        }
    }

    fn wait(&mut self) -> Result<(), ExecutorError> {
        let ready = self.poll()?;
        while let Some(asks) = self.signals.next() {
            if asks == Asks::End {
                self.handle(Input::Terminate { grace: Duration::from_millis(self.task.grace_ms) });
            }
        }
        if ready.lifeline {
            self.cut = true;
            self.handle(Input::LifelineCut);
        }
        self.listen_to(&ready.clients);
        self.pass_on(&ready.outputs);
        while let Ok((stream, _)) = self.listener.accept() {
            self.welcome(stream);
        }
        Ok(())
    }

    fn poll(&self) -> Result<Ready, ExecutorError> {
        let wanted = PollFlags::POLLIN;
        let mut fds = vec![
            PollFd::new(self.signals.as_fd(), wanted),
            PollFd::new(self.listener.as_fd(), wanted),
        ];
        let clients = self.clients.iter().map(|c| PollFd::new(c.as_fd(), wanted));
        fds.extend(clients);
        fds.extend(self.outputs.iter().map(|output| PollFd::new(output.as_fd(), wanted)));
        let lifeline = self.lifeline.as_ref().filter(|_| !self.cut);
        fds.extend(lifeline.map(|fd| PollFd::new(fd.as_fd(), wanted)));
        match poll(&mut fds, self.patience()) {
            Ok(_) | Err(nix::errno::Errno::EINTR) => {}
            Err(source) => return Err(ExecutorError::Prepare { doing: "wait", source }),
        }
        let mut ready = fds.iter().map(|fd| fd.any().unwrap_or(false)).skip(2);
        let clients = ready.by_ref().take(self.clients.len()).collect();
        let outputs = ready.by_ref().take(self.outputs.len()).collect();
        let cut = ready.next().unwrap_or(false);
        Ok(Ready { clients, outputs, lifeline: cut && self.is_cut() })
    }

    /// Only the end of the pipe counts: nobody writes to it, and who does means nothing.
    fn is_cut(&self) -> bool {
        let Some(fd) = &self.lifeline else { return false };
        !matches!(nix::unistd::read(&**fd, &mut [0; 64]), Ok(1..) | Err(nix::errno::Errno::EAGAIN))
    }

    fn patience(&self) -> PollTimeout {
        let Some(at) = self.life.wake_at() else { return PollTimeout::NONE };
        let left = at.saturating_sub(self.since.elapsed()).as_millis() + 1;
        PollTimeout::try_from(left.min(60_000)).unwrap_or(PollTimeout::MAX)
    }

    fn welcome(&mut self, stream: std::os::unix::net::UnixStream) {
        if self.clients.len() >= MAX_CLIENTS {
            return;
        }
        let Ok(mut client) = Client::new(stream) else { return };
        let told = self.told.as_ref().map_or(Ok(()), |told| client.tell(told));
        if told.is_ok() {
            self.clients.push(client);
        }
    }

    fn listen_to(&mut self, ready: &[bool]) {
        let mut asked = Vec::new();
        let mut ready = ready.iter();
        self.clients.retain_mut(|client| {
            if !ready.next().copied().unwrap_or(false) {
                return true;
            }
            let Ok(lines) = client.read() else { return false };
            client.heard |= lines.contains(&Asked::Acknowledge);
            asked.extend(lines);
            true
        });
        for order in asked {
            if let Asked::Kill { grace_ms } = order {
                self.handle(Input::Kill { grace: Duration::from_millis(grace_ms) });
            }
        }
    }

    fn pass_on(&mut self, ready: &[bool]) {
        for (output, _) in self.outputs.iter_mut().zip(ready).filter(|(_, ready)| **ready) {
            output.pass_on();
        }
        self.outputs.retain(|output| !output.ended());
    }

    /// Buries every child that ended, also those that the task orphaned.
    fn reap(&mut self) {
        while let Some((pid, outcome)) = reap_one() {
            if Some(pid) == self.pid {
                self.pid = None;
                let shell = matches!(self.task.program, Program::Shell(_));
                self.handle(Input::Ended { outcome, message: outcome.words(shell) });
            }
        }
    }

    fn handle(&mut self, input: Input) {
        let effects = self.life.handle(input, self.since.elapsed());
        for effect in effects {
            self.carry_out(effect);
        }
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Terminate => self.terminate(),
            Effect::KillTree => self.kill_tree(),
            Effect::Record(exit) => self.record(&exit),
            Effect::Tell(exit) => self.tell(Told::Exited(exit)),
            Effect::Leave => self.leaving = true,
        }
    }

    /// One that is stopped must go on to hear it.
    fn terminate(&self) {
        let Some(pid) = self.pid else { return };
        let _ = killpg(pid, Signal::SIGTERM);
        let _ = killpg(pid, Signal::SIGCONT);
    }

    fn kill_tree(&mut self) {
        let until = Instant::now() + BURIAL;
        // A tree that forks while it is killed is killed again until nothing is left.
        while tree::kill_descendants() > 0 && Instant::now() < until {
            if self.pid.is_some() {
                return; // The main process's end comes through `reap`, and then all the rest.
            }
            while reap_one().is_some() {}
            std::thread::yield_now();
        }
    }

    /// Who hears of the end finds all of the output: those who could write are dead.
    fn record(&mut self, exit: &Exit) {
        self.outputs.drain(..).for_each(|mut output| output.drain());
        let written = disk::write_durably(&Exit::path(&self.dir), exit);
        // Who removed the folder wants to know nothing.
        let done = written.is_ok() || !self.dir.exists();
        if let (Err(error), false) = (&written, done) {
            tracing::warn!(task = self.task.task, %error, "the exit is not recorded yet");
        }
        self.handle(Input::Recorded(done));
    }

    fn tell(&mut self, told: Told) {
        self.clients.retain_mut(|client| client.tell(&told).is_ok());
        self.told = Some(told);
    }
}

/// Which of the files has something.
struct Ready {
    clients: Vec<bool>,
    outputs: Vec<bool>,
    lifeline: bool,
}

/// By the raw call: nix knows no real-time signals, which may kill a task too.
fn reap_one() -> Option<(Pid, Outcome)> {
    let mut status = 0;
    // SAFETY: the status is ours to write to.
    let pid = unsafe { libc::waitpid(-1, &raw mut status, libc::WNOHANG) };
    if pid <= 0 {
        return None;
    }
    let outcome = if libc::WIFEXITED(status) {
        Outcome::Code(libc::WEXITSTATUS(status))
    } else {
        Outcome::Signal(libc::WTERMSIG(status))
    };
    Some((Pid::from_raw(pid), outcome))
}

fn lifeline() -> Result<Option<OwnedFd>, ExecutorError> {
    let Ok(value) = std::env::var(LIFELINE) else { return Ok(None) };
    let fd: Option<i32> = value.parse().ok().filter(|fd| *fd > 2);
    let Some(fd) = fd else { return Err(ExecutorError::Lifeline { value }) };
    // SAFETY: the variable says that this descriptor is ours; nothing else in this process uses it.
    let owned = unsafe { OwnedFd::from_raw_fd(fd) };
    if nix::fcntl::fcntl(&owned, nix::fcntl::FcntlArg::F_GETFD).is_err() {
        std::mem::forget(owned);
        return Err(ExecutorError::Lifeline { value });
    }
    Ok(Some(owned))
}
