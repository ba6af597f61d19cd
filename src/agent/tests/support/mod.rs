//! A small language for tests with real executors.
#![allow(dead_code, reason = "each test file uses its own part of it")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "tests may"
)]

pub mod cluster;

use mesoform_agent::executor::protocol::{Asked, Told};
use mesoform_agent::executor::{Exit, Outcome, Program, TaskFile, reachable};
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub const PATIENCE: Duration = Duration::from_secs(90);

/// The executor as a program: the example that cargo builds beside the tests.
pub fn executor_program() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.parent().unwrap().parent().unwrap().join("examples/agent")
}

/// Waits until `done` says something: for what has no event to wait on.
pub fn eventually<T>(what: &str, mut done: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = done() {
            return found;
        }
        assert!(Instant::now() < until, "not within {PATIENCE:?}: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

pub fn is_alive(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

/// A folder with a task, and its executor.
pub struct Task {
    pub dir: tempfile::TempDir,
    pub file: TaskFile,
    executor: Option<Child>,
}

impl Task {
    pub fn shell(line: &str) -> Self {
        Self::new(Program::Shell(line.into()))
    }

    pub fn argv(arguments: &[&str]) -> Self {
        let arguments: Vec<String> = arguments.iter().map(|a| (*a).to_owned()).collect();
        Self::new(Program::Argv { path: arguments[0].clone(), arguments })
    }

    fn new(program: Program) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let sandbox = dir.path().join("sandbox");
        std::fs::create_dir(&sandbox).unwrap();
        let environment = BTreeMap::from([
            ("PATH".to_owned(), std::env::var("PATH").unwrap()),
            ("MESOS_SANDBOX".to_owned(), sandbox.display().to_string()),
        ]);
        let socket = dir.path().join("x.sock");
        let file = TaskFile {
            format: 1,
            task: "t".into(),
            program,
            environment,
            sandbox,
            socket,
            user: None,
            grace_ms: 200,
            log_bytes: 100_000,
        };
        Self { dir, file, executor: None }
    }

    pub fn start(self) -> Self {
        self.start_with(|_| {})
    }

    pub fn start_with(mut self, adapt: impl FnOnce(&mut Command)) -> Self {
        let json = serde_json::to_vec(&self.file).unwrap();
        std::fs::write(TaskFile::path(self.dir.path()), json).unwrap();
        let mut command = Command::new(executor_program());
        command.arg("executor").arg("--dir").arg(self.dir.path()).stdin(Stdio::null());
        adapt(&mut command);
        self.executor = Some(command.spawn().unwrap());
        self
    }

    pub fn connect(&self) -> Agent {
        eventually("the executor listens", || Agent::connect(&self.file.socket))
    }

    pub fn executor_pid(&self) -> i32 {
        i32::try_from(self.executor.as_ref().unwrap().id()).unwrap()
    }

    /// Waits until the executor is gone.
    pub fn ended(&mut self) -> std::process::ExitStatus {
        let mut executor = self.executor.take().unwrap();
        eventually("the executor ends", || executor.try_wait().unwrap())
    }

    /// Waits until the executor is gone, and says how it was with its task.
    pub fn exit(&mut self) -> Exit {
        let status = self.ended();
        assert!(status.success(), "{status}");
        serde_json::from_slice(&std::fs::read(Exit::path(self.dir.path())).unwrap()).unwrap()
    }

    pub fn outcome(&mut self) -> Outcome {
        self.exit().outcome
    }

    /// A file in the sandbox.
    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.file.sandbox.join(name)).unwrap_or_default()
    }

    /// Waits for a whole line in a file of the sandbox.
    pub fn line(&self, name: &str) -> String {
        eventually(name, || {
            self.read(name)
                .lines()
                .next()
                .map(str::to_owned)
                .filter(|_| self.read(name).contains('\n'))
        })
    }

    pub fn pid(&self, name: &str) -> i32 {
        self.line(name).trim().parse().unwrap()
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        let Some(mut executor) = self.executor.take() else { return };
        let _ = executor.kill();
        let _ = executor.wait();
        mesoform_agent::executor::tree::kill_of_sandbox(&self.file.sandbox);
    }
}

/// The agent's side of an executor's socket.
pub struct Agent {
    lines: BufReader<UnixStream>,
}

impl Agent {
    fn connect(socket: &Path) -> Option<Self> {
        let stream = UnixStream::connect(&reachable(socket).ok()?.path).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Some(Self { lines: BufReader::new(stream) })
    }

    pub fn told(&mut self) -> Told {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line:?}"))
    }

    pub fn running(&mut self) -> i32 {
        let Told::Running { pid, .. } = self.told() else { panic!("not running") };
        pid
    }

    pub fn ask(&mut self, asked: Asked) {
        let line = serde_json::to_string(&asked).unwrap() + "\n";
        self.lines.get_mut().write_all(line.as_bytes()).unwrap();
    }
}
