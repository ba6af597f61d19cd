use crate::{CloudInitError, Command, Result};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// A log that is larger begins anew.
const LARGEST: u64 = 8 * 1024 * 1024;
/// Of what a command that failed has said, this much is told.
const LAST_LINES: usize = 3;
const LAST_BYTES: u64 = 4096;

/// Runs commands; what they say goes to a log, which they may hold open for longer than they run.
pub struct Exec {
    log: PathBuf,
}

impl Exec {
    pub fn new(log: PathBuf) -> Self {
        Self { log }
    }

    pub fn run(&self, command: &Command) -> Result<()> {
        let mut log = self.open().map_err(CloudInitError::io("writing", &self.log))?;
        let begin = log.metadata().map_or(0, |found| found.len());
        let failed = |cause: String| CloudInitError::Command {
            command: command.title(),
            cause,
            log: self.log.clone(),
        };
        let mut child = spawn(command, &log).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => CloudInitError::host(
                command.title(),
                format!("{} is not on this host", command.program),
                format!("install the package that has {}", command.program),
            ),
            _ => failed(error.to_string()),
        })?;
        // What does not fit into a pipe is nothing that a command of ours is told.
        if let (Some(mut stdin), Some(input)) = (child.stdin.take(), &command.input) {
            drop(stdin.write_all(input.reveal().as_bytes()));
        }
        let Some(status) = wait(&mut child, command.limit) else {
            end(&mut child);
            return Err(failed(format!("did not end within {} s", command.limit.as_secs())));
        };
        if status.success() {
            return Ok(());
        }
        let words = last_words(&mut log, begin).unwrap_or_default();
        let how = match status.code() {
            Some(code) => format!("ended with code {code}"),
            None => "was killed".to_owned(),
        };
        Err(failed(if words.is_empty() { how } else { format!("{how}: {words}") }))
    }

    /// Only root may read it: nobody knows what commands say.
    fn open(&self) -> io::Result<File> {
        if fs::metadata(&self.log).is_ok_and(|found| found.len() > LARGEST) {
            fs::remove_file(&self.log)?;
        }
        OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(&self.log)
    }
}

fn spawn(command: &Command, log: &File) -> io::Result<Child> {
    let input = if command.input.is_some() { Stdio::piped() } else { Stdio::null() };
    std::process::Command::new(&command.program)
        .args(&command.args)
        .current_dir("/")
        .env_clear()
        .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
        .envs(command.env.iter().map(|(name, value)| (name, value)))
        .stdin(input)
        .stdout(log.try_clone()?)
        .stderr(log.try_clone()?)
        // A group of its own, so that what it started can be ended with it.
        .process_group(0)
        .spawn()
}

/// Looked at often in the beginning: most are done in a few milliseconds.
fn wait(child: &mut Child, limit: Duration) -> Option<ExitStatus> {
    let begin = Instant::now();
    let mut pause = Duration::from_micros(200);
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            _ if begin.elapsed() >= limit => return None,
            _ => sleep(pause),
        }
        pause = (pause * 5 / 4).min(Duration::from_millis(20));
    }
}

fn end(child: &mut Child) {
    if let Ok(pid) = i32::try_from(child.id()) {
        let _ = killpg(Pid::from_raw(pid), Signal::SIGKILL);
    }
    drop(child.wait());
}

fn last_words(log: &mut File, begin: u64) -> io::Result<String> {
    let length = log.metadata()?.len();
    log.seek(SeekFrom::Start(begin.max(length.saturating_sub(LAST_BYTES))))?;
    let mut bytes = Vec::new();
    log.take(LAST_BYTES).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    Ok(lines[lines.len().saturating_sub(LAST_LINES)..].join(" / "))
}
