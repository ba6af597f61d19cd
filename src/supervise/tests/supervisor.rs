//! Real processes under a real supervisor.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test, with helpers outside of test functions"
)]

use mesoform_supervise::{
    Claim, Ended, Handle, SuperviseError, Supervisor, SupervisorEvent as Event, Unit,
};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::time::timeout;

const UNIT: &str = env!("CARGO_BIN_EXE_mesoform-test-unit");
const LONG: Duration = Duration::from_secs(90);

/// A folder, and units in it that do as they are told.
struct Stage {
    folder: TempDir,
    units: Vec<Unit>,
}

struct Play {
    folder: TempDir,
    handle: Handle,
    events: mpsc::Receiver<Event>,
}

impl Stage {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), units: Vec::new() }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn unit(mut self, name: &str, needs: &[&str], script: &[&str]) -> Self {
        let command = std::iter::once(UNIT).chain(script.iter().copied()).map(Into::into).collect();
        let mut unit = Unit::new(name, command, self.folder.path().join(format!("{name}.log")));
        unit.needs = needs.iter().map(|need| (*need).to_owned()).collect();
        self.units.push(unit);
        self
    }

    fn start(self) -> Play {
        let (sender, events) = mpsc::channel(256);
        let claim = Claim::take(self.folder.path()).unwrap();
        let handle = Supervisor::start(claim, self.units, sender).unwrap();
        Play { folder: self.folder, handle, events }
    }
}

impl Play {
    async fn ready(&self) -> Result<(), SuperviseError> {
        timeout(LONG, self.handle.ready()).await.unwrap()
    }

    async fn stop(&self, grace: Duration) {
        timeout(LONG, self.handle.stop(grace)).await.unwrap().unwrap();
    }

    /// The next event that `wanted` picks.
    async fn next<T>(&mut self, wanted: impl Fn(Event) -> Option<T>) -> T {
        let next = async {
            loop {
                if let Some(found) = wanted(self.events.recv().await.unwrap()) {
                    return found;
                }
            }
        };
        timeout(LONG, next).await.unwrap()
    }

    fn log(&self, unit: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(format!("{unit}.log"))).unwrap()
    }
}

fn stopped(event: Event) -> Option<(String, Option<Ended>)> {
    match event {
        Event::Stopped { unit, ended } => Some((unit, ended)),
        _ => None,
    }
}

fn started(event: Event) -> Option<(String, i32)> {
    match event {
        Event::Starting { unit, pid } => Some((unit, pid)),
        _ => None,
    }
}

#[tokio::test]
async fn units_start_after_their_needs_and_stop_before_them() {
    let stage = Stage::new();
    let (touch, expect) =
        (format!("touch={}", stage.path("up")), format!("expect-file={}", stage.path("up")));
    let mut play = stage
        .unit("agent", &["master"], &[&expect, "say=hello", "ready"])
        .unit("quorum", &[], &["status=elects", "ready"])
        .unit("master", &["quorum"], &[&touch, "ready"])
        .start();
    play.ready().await.unwrap();
    let status = |event| match event {
        Event::Status { unit, text } => Some((unit, text)),
        _ => None,
    };
    assert_eq!(play.next(status).await, ("quorum".to_owned(), "elects".to_owned()));
    play.stop(LONG).await;
    let mut order = Vec::new();
    for _ in 0..3 {
        let (unit, ended) = play.next(stopped).await;
        assert_eq!(ended, Some(Ended::Signal(15)), "{unit}");
        order.push(unit);
    }
    assert_eq!(order, ["agent", "master", "quorum"]);
    assert_eq!(play.log("agent"), "hello\n");
    assert!(matches!(play.ready().await, Ok(()) | Err(SuperviseError::Stopped)));
}

#[tokio::test]
async fn a_unit_that_fails_is_told_with_its_last_words() {
    let play = Stage::new()
        .unit("quorum", &[], &["say=port 2379 is in use", "exit=3"])
        .unit("master", &["quorum"], &["ready"])
        .start();
    let error = play.ready().await.unwrap_err().to_string();
    assert!(error.starts_with("quorum ended with exit code 3 before it was ready"), "{error}");
    assert!(error.ends_with("\n  port 2379 is in use"), "{error}");
    play.stop(LONG).await;
}

#[tokio::test]
async fn a_program_that_is_not_there_is_told() {
    let mut stage = Stage::new().unit("ghost", &[], &[]);
    stage.units[0].command = vec!["/no/such/program".into()];
    let play = stage.start();
    let error = play.ready().await.unwrap_err().to_string();
    assert!(error.starts_with("ghost could not be started: No such file"), "{error}");
    play.stop(LONG).await;
}

#[tokio::test]
async fn a_unit_that_dies_comes_back() {
    let mut play = Stage::new().unit("master", &[], &["ready"]).start();
    play.ready().await.unwrap();
    let (_, pid) = play.next(started).await;
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::SIGKILL).unwrap();
    let ended = |event| match event {
        Event::Ended { ended, again_in, .. } => Some((ended, again_in)),
        _ => None,
    };
    assert_eq!(play.next(ended).await, (Ended::Signal(9), Duration::from_millis(100)));
    assert_ne!(play.next(started).await.1, pid);
    play.stop(LONG).await;
}

#[tokio::test]
async fn a_restart_waits_until_the_unit_is_ready_again() {
    let mut play = Stage::new()
        .unit("quorum", &[], &["ready"])
        .unit("master", &["quorum"], &["ready"])
        .start();
    play.ready().await.unwrap();
    let (quorum, first) = play.next(started).await;
    let (master, _) = play.next(started).await;
    assert_eq!((quorum.as_str(), master.as_str()), ("quorum", "master"));
    timeout(LONG, play.handle.restart("quorum")).await.unwrap().unwrap();
    let (unit, second) = play.next(started).await;
    assert_eq!(unit, "quorum");
    assert_ne!(first, second);
    let unknown = play.handle.restart("qorum").await.unwrap_err().to_string();
    assert_eq!(unknown, "there is no unit 'qorum'; there are: quorum, master");
    play.stop(LONG).await;
}

#[tokio::test]
async fn who_ignores_sigterm_is_killed() {
    let mut play = Stage::new().unit("deaf", &[], &["ignore-term", "ready"]).start();
    play.ready().await.unwrap();
    play.stop(Duration::from_millis(50)).await;
    assert_eq!(play.next(stopped).await, ("deaf".to_owned(), Some(Ended::Signal(9))));
}

/// Accepts a unit's connection: its name, and a stream that ends with it.
fn accept(listener: &UnixListener) -> (String, BufReader<UnixStream>) {
    let (stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line).unwrap();
    (line.split(' ').next().unwrap().to_owned(), stream)
}

fn ends(mut stream: BufReader<UnixStream>) {
    assert_eq!(stream.read(&mut [0; 1]).unwrap(), 0, "the process still runs");
}

#[tokio::test]
async fn what_units_leave_behind_ends_with_the_supervisor() {
    let stage = Stage::new();
    let path = stage.path("listener");
    let listener = UnixListener::bind(&path).unwrap();
    let play = stage.unit("agent", &[], &[&format!("orphan={path},orphan"), "ready"]).start();
    play.ready().await.unwrap();
    let (name, orphan) = tokio::task::spawn_blocking(move || accept(&listener)).await.unwrap();
    assert_eq!(name, "orphan");
    play.stop(LONG).await;
    ends(orphan);
}

#[tokio::test]
async fn a_dropped_handle_kills_all() {
    let stage = Stage::new();
    let path = stage.path("listener");
    let listener = UnixListener::bind(&path).unwrap();
    let play =
        stage.unit("a", &[], &["ignore-term", &format!("connect={path},a"), "ready"]).start();
    play.ready().await.unwrap();
    let (_, stream) = tokio::task::spawn_blocking(move || accept(&listener)).await.unwrap();
    let Play { folder: _folder, handle, mut events } = play;
    drop(handle);
    tokio::task::spawn_blocking(move || ends(stream)).await.unwrap();
    // The supervisor is gone when nobody can tell anything any more.
    timeout(LONG, async { while events.recv().await.is_some() {} }).await.unwrap();
}

#[test]
fn a_killed_supervisor_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let listener = UnixListener::bind(folder.path().join("listener")).unwrap();
    let mut supervisor = Command::new(UNIT)
        .arg(format!("supervise={}", folder.path().display()))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let streams: Vec<_> = (0..3).map(|_| accept(&listener)).collect();
    let mut line = String::new();
    BufReader::new(supervisor.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n");
    supervisor.kill().unwrap();
    supervisor.wait().unwrap();
    let mut names: Vec<_> = streams.iter().map(|(name, _)| name.clone()).collect();
    names.sort();
    assert_eq!(names, ["first", "orphan", "second"]);
    streams.into_iter().for_each(|(_, stream)| ends(stream));
    // And the folder can be used again.
    Claim::take(folder.path()).unwrap();
}

#[test]
fn a_folder_has_one_supervisor() {
    let folder = tempfile::tempdir().unwrap();
    let claim = Claim::take(folder.path()).unwrap();
    let error = Claim::take(folder.path()).unwrap_err();
    let me = i32::try_from(std::process::id()).unwrap();
    assert!(matches!(&error, SuperviseError::Running { pid: Some(pid), .. } if *pid == me));
    assert!(error.to_string().contains(&format!("already in use by the process {me}")), "{error}");
    drop(claim);
    Claim::take(folder.path()).unwrap();
}

/// Unix sockets have short paths; data folders may have long ones.
#[tokio::test]
async fn a_long_path_is_no_obstacle() {
    let stage = Stage::new();
    let deep: PathBuf = stage.folder.path().join("d".repeat(120));
    let (sender, _events) = mpsc::channel(16);
    let stage = stage.unit("a", &[], &["ready"]);
    let handle = Supervisor::start(Claim::take(&deep).unwrap(), stage.units, sender).unwrap();
    timeout(LONG, handle.ready()).await.unwrap().unwrap();
    timeout(LONG, handle.stop(LONG)).await.unwrap().unwrap();
}

#[tokio::test]
async fn bad_graphs_are_refused() {
    let stage = Stage::new().unit("a", &["b"], &[]).unit("b", &["a"], &[]);
    let (sender, _events) = mpsc::channel(16);
    let claim = Claim::take(stage.folder.path()).unwrap();
    let error = Supervisor::start(claim, stage.units, sender).unwrap_err().to_string();
    assert!(error.contains("a > b > a"), "{error}");
}
