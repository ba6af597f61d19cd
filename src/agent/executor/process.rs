//! The start of a task's first process.

use super::account::Account;
use super::output::Output;
use super::{Program, TaskFile};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, SigmaskHow, Signal};
use nix::unistd::Pid;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// A task that runs.
pub struct Started {
    pub pid: Pid,
    pub outputs: Vec<Output>,
}

/// Starts the task. The error is for people: it becomes the message of the status update.
pub fn start(task: &TaskFile) -> Result<Started, String> {
    let account = match &task.user {
        Some(name) => Account::find(name)?,
        None => None,
    };
    let (stdout, to_stdout) = output(task, "stdout", account.as_ref())?;
    let (stderr, to_stderr) = output(task, "stderr", account.as_ref())?;
    give_away(task, account.as_ref())?;
    let mut command = command(&task.program);
    command
        .env_clear()
        .envs(&task.environment)
        .current_dir(&task.sandbox)
        .stdin(Stdio::null())
        .stdout(to_stdout)
        .stderr(to_stderr);
    let executor = nix::unistd::getpid();
    // SAFETY: the closure makes only system calls, on values that it owns.
    unsafe { command.pre_exec(move || in_the_child(executor, account.as_ref())) };
    let child = command.spawn().map_err(|e| explain(&e, task))?;
    let pid = i32::try_from(child.id()).map(Pid::from_raw).map_err(|e| e.to_string())?;
    Ok(Started { pid, outputs: vec![stdout, stderr] })
}

fn command(program: &Program) -> Command {
    match program {
        Program::Shell(line) => {
            let mut command = Command::new("/bin/sh");
            command.arg("-c").arg(line);
            command
        }
        Program::Argv { path, arguments } => {
            let mut command = Command::new(path);
            command.arg0(arguments.first().unwrap_or(path)).args(arguments.iter().skip(1));
            command
        }
    }
}

/// A stream of output, kept in the sandbox, and the task's end of it.
fn output(
    task: &TaskFile,
    name: &str,
    account: Option<&Account>,
) -> Result<(Output, OwnedFd), String> {
    let path = task.sandbox.join(name);
    let made = Output::new(path.clone(), account, task.log_bytes);
    made.map_err(|e| format!("{}: cannot be made: {e}", path.display()))
}

/// The sandbox belongs to the task's user. Nothing of the task's runs in it yet.
fn give_away(task: &TaskFile, account: Option<&Account>) -> Result<(), String> {
    let Some(account) = account else { return Ok(()) };
    nix::unistd::chown(&task.sandbox, Some(account.uid), Some(account.gid))
        .map_err(|e| format!("{}: cannot be given away: {e}", task.sandbox.display()))
}

/// Between fork and exec: the task starts as from a clean login, and never outlives its executor.
fn in_the_child(executor: Pid, account: Option<&Account>) -> io::Result<()> {
    nix::unistd::setsid()?;
    nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o022));
    default_signals()?;
    if let Some(account) = account {
        nix::unistd::setgroups(&account.groups)?;
        nix::unistd::setgid(account.gid)?;
        nix::unistd::setuid(account.uid)?;
        if !account.uid.is_root() {
            // What it runs, and be it setuid, gets no more rights than it has.
            nix::sys::prctl::set_no_new_privs()?;
        }
    }
    // After the change of user, which would clear it.
    nix::sys::prctl::set_pdeathsig(Signal::SIGKILL)?;
    if nix::unistd::getppid() != executor {
        return Err(io::Error::other("the executor is gone"));
    }
    Ok(())
}

fn default_signals() -> io::Result<()> {
    let default = SigAction::new(SigHandler::SigDfl, SaFlags::empty(), SigSet::empty());
    for signal in Signal::iterator() {
        if !matches!(signal, Signal::SIGKILL | Signal::SIGSTOP) {
            // SAFETY: the default action is no handler of ours.
            unsafe { nix::sys::signal::sigaction(signal, &default)? };
        }
    }
    nix::sys::signal::sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None)?;
    Ok(())
}

fn explain(error: &io::Error, task: &TaskFile) -> String {
    if !task.sandbox.is_dir() {
        return format!("{}: the sandbox is gone", task.sandbox.display());
    }
    let name = match &task.program {
        Program::Shell(_) => "/bin/sh",
        Program::Argv { path, .. } => path,
    };
    match error.kind() {
        io::ErrorKind::NotFound if Path::new(name).is_file() => {
            format!("{name}: cannot be run: its interpreter or loader is missing on this host")
        }
        io::ErrorKind::NotFound => format!("command not found: {name}"),
        io::ErrorKind::PermissionDenied => format!("permission denied: {name}"),
        _ => format!("{name}: cannot be run: {error}"),
    }
}
