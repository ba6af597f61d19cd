use super::{ExecutorCommand, LaunchError, Launcher, Start};
use crate::executor::LIFELINE;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use std::fs::File;
use std::io;
use std::os::fd::BorrowedFd;
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

/// What an executor takes over from the agent's environment.
const PASSED_ON: [&str; 4] = ["PATH", "RUST_LOG", "RUST_BACKTRACE", LIFELINE];

/// Starts each executor as an orphan in a session of its own.
#[derive(Debug, Clone)]
pub struct ProcessLauncher {
    command: ExecutorCommand,
}

impl ProcessLauncher {
    pub fn new(command: ExecutorCommand) -> Self {
        Self { command }
    }

    fn spawn(&self, start: &Start) -> Result<(), LaunchError> {
        let log = log(start)?;
        let mut command = Command::new(&self.command.program);
        command
            .args(&self.command.arguments)
            .arg("--dir")
            .arg(&start.dir)
            .current_dir("/")
            .env_clear()
            .envs(PASSED_ON.iter().filter_map(|name| Some((*name, std::env::var_os(name)?))))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        let lifeline = std::env::var(LIFELINE).ok().and_then(|fd| fd.parse().ok());
        // SAFETY: the closure makes only system calls that may be made between fork and exec.
        unsafe { command.pre_exec(move || become_an_orphan(lifeline)) };
        let program = self.command.program.display().to_string();
        let failed = |source| LaunchError::Spawn { program, source };
        // The child that is waited for is gone at once; the executor is its child.
        command.spawn().and_then(|mut child| child.wait()).map(drop).map_err(failed)
    }
}

impl Launcher for ProcessLauncher {
    fn launch<'a>(&'a self, start: &'a Start) -> BoxFuture<'a, Result<(), LaunchError>> {
        let (launcher, start) = (self.clone(), start.clone());
        // Short, but it waits for the exec.
        let spawned = tokio::task::spawn_blocking(move || launcher.spawn(&start));
        async { spawned.await.unwrap_or(Err(LaunchError::Abandoned)) }.boxed()
    }
}

fn log(start: &Start) -> Result<File, LaunchError> {
    let path = start.dir.join("executor.log");
    let file = File::options().append(true).create(true).mode(0o600).open(&path);
    file.map_err(|source| LaunchError::Log { path, source })
}

fn become_an_orphan(lifeline: Option<i32>) -> io::Result<()> {
    // SAFETY: the process has one thread here; the parent leaves without running anything of ours.
    match unsafe { libc::fork() } {
        -1 => return Err(io::Error::last_os_error()),
        0 => {}
        _ => unsafe { libc::_exit(0) },
    }
    nix::unistd::setsid()?;
    if let Some(fd) = lifeline {
        // SAFETY: the descriptor is only borrowed for this call; one that is closed gives EBADF.
        let fd = unsafe { BorrowedFd::borrow_raw(fd) };
        let _ = fcntl(fd, FcntlArg::F_SETFD(FdFlag::empty()));
    }
    Ok(())
}
