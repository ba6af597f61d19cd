//! Commands with a limit on their time, and what they said.

use std::fmt;
use std::io::Read;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// A command that has ended.
#[derive(Clone)]
pub struct Run {
    pub command: String,
    /// 128 + the signal's number where one ended it.
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
    pub took: Duration,
}

/// What it left running in the background may hold its pipes for so long; then what came is all.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// A command that is going on. Dropping it kills it.
pub struct Running {
    command: String,
    child: Child,
    started: Instant,
    stdout: Option<Pipe>,
    stderr: Option<Pipe>,
}

/// Runs a command to its end. One that takes longer than `limit` is killed, and fails the story.
#[track_caller]
pub(crate) fn run(command: &mut Command, limit: Duration) -> Run {
    Running::start(command).wait(limit)
}

impl Running {
    /// In a process group of its own, so that all of it can be ended.
    #[track_caller]
    pub(crate) fn start(command: &mut Command) -> Self {
        let words = std::iter::once(command.get_program()).chain(command.get_args());
        let shown = words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let started = Instant::now();
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{shown}: {error}"));
        let stdout = child.stdout.take().map(Pipe::read);
        let stderr = child.stderr.take().map(Pipe::read);
        Self { command: shown, child, started, stdout, stderr }
    }

    pub fn pid(&self) -> i32 {
        self.child.id() as i32
    }

    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// What it has told so far.
    pub fn said(&self) -> String {
        self.stdout.as_ref().map(Pipe::so_far).unwrap_or_default()
    }

    /// As Ctrl-C in a terminal: to the whole group.
    pub fn interrupt(&self) {
        self.signal_group(Signal::SIGINT);
    }

    /// SIGKILL to this one process, as the kernel does when memory runs out.
    pub fn kill_alone(&mut self) {
        let _ = self.child.kill();
    }

    /// Waits for its end; after `limit`, from now on, all of it is killed and the story fails.
    #[track_caller]
    pub fn wait(mut self, limit: Duration) -> Run {
        let since = Instant::now();
        while self.is_running() {
            if since.elapsed() > limit {
                self.signal_group(Signal::SIGKILL);
                let run = self.collect();
                panic!("it took longer than {} s\n{run}", limit.as_secs());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        self.collect()
    }

    fn collect(&mut self) -> Run {
        let took = self.started.elapsed();
        let status = self.child.wait().unwrap();
        let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default());
        let text = |pipe: &Option<Pipe>| pipe.as_ref().map(Pipe::text).unwrap_or_default();
        let (stdout, stderr) = (text(&self.stdout), text(&self.stderr));
        Run { command: self.command.clone(), code, stdout, stderr, took }
    }

    fn signal_group(&self, signal: Signal) {
        let _ = kill(Pid::from_raw(-self.pid()), signal);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.is_running() {
            self.signal_group(Signal::SIGKILL);
            let _ = self.child.wait();
        }
    }
}

/// One of its outputs, read as it comes.
struct Pipe {
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
}

impl Pipe {
    fn read(mut pipe: impl Read + Send + 'static) -> Self {
        let bytes = Arc::<Mutex<Vec<u8>>>::default();
        let all = Arc::clone(&bytes);
        let reader = std::thread::spawn(move || {
            let mut piece = vec![0; 64 << 10];
            while let Ok(read @ 1..) = pipe.read(&mut piece) {
                all.lock().unwrap_or_else(PoisonError::into_inner).extend(&piece[..read]);
            }
        });
        Self { bytes, reader }
    }

    /// All of it, once the command has ended.
    fn text(&self) -> String {
        let since = Instant::now();
        while !self.reader.is_finished() && since.elapsed() < LAST_WORDS {
            std::thread::sleep(Duration::from_millis(2));
        }
        self.so_far()
    }

    fn so_far(&self) -> String {
        let bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Run {
    pub fn success(&self) -> bool {
        self.code == 0
    }

    #[track_caller]
    pub fn expect_success(self) -> Self {
        self.expect_code(0)
    }

    #[track_caller]
    pub fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.code, code, "the exit code\n{self}");
        self
    }

    /// Its output, on either stream, has these words.
    #[track_caller]
    pub fn expect_says(self, words: &str) -> Self {
        assert!(self.says(words), "it does not say {words:?}\n{self}");
        self
    }

    #[track_caller]
    pub fn expect_silent_about(self, words: &str) -> Self {
        assert!(!self.says(words), "it says {words:?}\n{self}");
        self
    }

    #[track_caller]
    pub fn expect_within(self, limit: Duration) -> Self {
        assert!(self.took <= limit, "it took {:?}, not at most {limit:?}\n{self}", self.took);
        self
    }

    pub fn says(&self, words: &str) -> bool {
        self.stdout.contains(words) || self.stderr.contains(words)
    }

    /// Standard output without the last newline.
    pub fn text(&self) -> &str {
        self.stdout.trim_end()
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { command, code, stdout, stderr, took } = self;
        write!(f, "$ {command}\n[exit {code} after {took:?}]\n{stdout}--- stderr\n{stderr}")
    }
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
