use super::{ExecutorCommand, LaunchError, Launcher, Start};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

/// How long systemd may take to start a unit.
const LIMIT: Duration = Duration::from_secs(20);
/// What an executor itself may use of the task's memory, as in Mesos.
const OVERHEAD_MIB: f64 = 32.0;
/// What a stop of the unit waits for beyond the task's grace: the exit goes to disk.
const STOP_MARGIN: Duration = Duration::from_secs(10);

/// Processes and threads of one task: a fork bomb must not take the whole host's.
const TASKS_MAX: u32 = 4096;

/// Starts each executor as a transient service, beside the agent's own and not within it.
#[derive(Debug)]
pub struct SystemdLauncher {
    command: ExecutorCommand,
    hidden: Vec<PathBuf>,
}

impl SystemdLauncher {
    /// Tasks see nothing below the folders `hidden` but what is their own.
    pub fn new(command: ExecutorCommand, hidden: Vec<PathBuf>) -> Self {
        Self { command, hidden }
    }

    /// The arguments of systemd-run.
    pub fn arguments(&self, start: &Start) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = ["--quiet", "--no-ask-password", "--collect"]
            .map(OsString::from)
            .into_iter()
            .chain([format!("--unit=mesoform-task-{}", start.short).into()])
            .chain(["--slice=mesoform-tasks.slice".into()])
            .chain([format!("--description=mesoform task {}", start.short).into()])
            .collect();
        for property in properties(start).into_iter().chain(confinement(start, &self.hidden)) {
            arguments.extend(["-p".into(), property.into()]);
        }
        arguments.extend(["--".into(), self.command.program.clone().into_os_string()]);
        arguments.extend(self.command.arguments.iter().map(OsString::from));
        arguments.extend(["--dir".into(), start.dir.clone().into_os_string()]);
        arguments
    }

    async fn start(&self, start: &Start) -> Result<(), LaunchError> {
        let mut command = Command::new("systemd-run");
        command
            .args(self.arguments(start))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .env_remove("NOTIFY_SOCKET")
            .kill_on_drop(true);
        let run = tokio::time::timeout(LIMIT, command.output()).await;
        let output = run.map_err(|_| LaunchError::TimeOut { limit: LIMIT })?;
        let output = output
            .map_err(|source| LaunchError::Spawn { program: "systemd-run".into(), source })?;
        if output.status.success() {
            return Ok(());
        }
        let words = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Err(LaunchError::Systemd { status: output.status, words })
    }
}

impl Launcher for SystemdLauncher {
    fn launch<'a>(&'a self, start: &'a Start) -> BoxFuture<'a, Result<(), LaunchError>> {
        self.start(start).boxed()
    }
}

fn properties(start: &Start) -> Vec<String> {
    let stop = start.grace + STOP_MARGIN;
    let mut properties = vec![
        "Type=exec".to_owned(),
        // The executor first: it gives the task its grace. What is left is killed with the unit.
        "KillMode=mixed".to_owned(),
        format!("TimeoutStopSec={}ms", stop.as_millis()),
        "Delegate=yes".to_owned(),
        // When memory runs out the task dies, and the executor lives to tell.
        "OOMPolicy=continue".to_owned(),
        format!("TasksMax={TASKS_MAX}"),
    ];
    if start.mem > 0.0 {
        let bytes = (start.mem + OVERHEAD_MIB) * 1024.0 * 1024.0;
        properties.push(format!("MemoryMax={}", bytes as u64));
    }
    if start.cpus > 0.0 {
        // systemd's default weight, 100, is one core's.
        let weight = (start.cpus * 100.0).round().clamp(1.0, 10_000.0);
        properties.push(format!("CPUWeight={}", weight as u64));
    }
    properties
}

/// An empty folder in the place of each hidden one, and in it the task's own: what will be put there
/// later is hidden without being named.
///
/// It keeps out whoever is not root, and root's mistakes; root itself can enter any namespace. /tmp is
/// the host's, as in Mesos without a container image.
fn confinement(start: &Start, hidden: &[PathBuf]) -> Vec<String> {
    let mut properties: Vec<String> =
        hidden.iter().map(|dir| format!("TemporaryFileSystem={}:ro", dir.display())).collect();
    if hidden.iter().any(|dir| start.dir.starts_with(dir)) {
        properties.push(format!("BindPaths={}", start.dir.display()));
    }
    properties
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line() {
        let command = ExecutorCommand {
            program: PathBuf::from("/opt/mesoform/versions/abc/mesoform"),
            arguments: vec!["executor".into()],
        };
        let hidden = ["/etc/mesoform", "/var/lib/mesoform"].map(PathBuf::from).to_vec();
        let launcher = SystemdLauncher::new(command, hidden);
        let start = Start {
            short: "0123456789abcdef".into(),
            dir: PathBuf::from("/var/lib/mesoform/agent/tasks/0123456789abcdef"),
            cpus: 0.5,
            mem: 96.0,
            grace: Duration::from_secs(3),
        };
        let lines: Vec<String> =
            launcher.arguments(&start).iter().map(|a| a.to_string_lossy().into_owned()).collect();
        insta::assert_snapshot!(lines.join("\n"), @r"
        --quiet
        --no-ask-password
        --collect
        --unit=mesoform-task-0123456789abcdef
        --slice=mesoform-tasks.slice
        --description=mesoform task 0123456789abcdef
        -p
        Type=exec
        -p
        KillMode=mixed
        -p
        TimeoutStopSec=13000ms
        -p
        Delegate=yes
        -p
        OOMPolicy=continue
        -p
        TasksMax=4096
        -p
        MemoryMax=134217728
        -p
        CPUWeight=50
        -p
        TemporaryFileSystem=/etc/mesoform:ro
        -p
        TemporaryFileSystem=/var/lib/mesoform:ro
        -p
        BindPaths=/var/lib/mesoform/agent/tasks/0123456789abcdef
        --
        /opt/mesoform/versions/abc/mesoform
        executor
        --dir
        /var/lib/mesoform/agent/tasks/0123456789abcdef
        ");
    }

    #[test]
    fn no_limits_where_none_were_asked_for_and_none_that_systemd_refuses() {
        let mut start = Start {
            short: String::new(),
            dir: PathBuf::new(),
            cpus: 0.0,
            mem: 0.0,
            grace: Duration::ZERO,
        };
        assert!(!properties(&start).iter().any(|p| p.contains("Memory") || p.contains("CPU")));
        start.cpus = 0.001;
        assert!(properties(&start).contains(&"CPUWeight=1".to_owned()));
        start.cpus = 1000.0;
        assert!(properties(&start).contains(&"CPUWeight=10000".to_owned()));
    }
}
