use super::ExecutorError;
use nix::sys::signal::{SigSet, SigmaskHow, Signal, sigprocmask};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use std::os::fd::{AsFd, BorrowedFd};

/// The signals that the executor answers, as a file to wait on.
pub struct Signals {
    fd: SignalFd,
}

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asks {
    Reap,
    End,
}

impl Signals {
    /// From now on signals arrive here and nowhere else.
    pub fn take() -> Result<Self, ExecutorError> {
        let mut set = SigSet::empty();
        for signal in [Signal::SIGCHLD, Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
            set.add(signal);
        }
        let failed = |source| ExecutorError::Prepare { doing: "take its signals", source };
        sigprocmask(SigmaskHow::SIG_BLOCK, Some(&set), None).map_err(failed)?;
        let flags = SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC;
        SignalFd::with_flags(&set, flags).map(|fd| Self { fd }).map_err(failed)
    }

    /// What has arrived; nothing when nothing has. A hang-up asks for nothing.
    pub fn next(&self) -> Option<Asks> {
        loop {
            let info = self.fd.read_signal().ok()??;
            match i32::try_from(info.ssi_signo).ok()? {
                nix::libc::SIGCHLD => return Some(Asks::Reap),
                nix::libc::SIGTERM | nix::libc::SIGINT => return Some(Asks::End),
                _ => {}
            }
        }
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}
