use crate::run::{Call, Commands, must};
use crate::runs::RunFolder;
use crate::{ApplyError, Result};
use std::path::Path;
use std::process::{Command, Stdio};

/// Starts a run's job apart from the session. Another one in tests.
pub trait Launch {
    /// Starts it, and does not wait.
    ///
    /// # Errors
    /// It cannot be started.
    fn launch(&self, run: &RunFolder) -> Result<()>;
}

/// A process that outlives the connection: a transient unit where systemd is the first process,
/// else one in a session of its own.
pub struct Detached;

impl Launch for Detached {
    fn launch(&self, run: &RunFolder) -> Result<()> {
        let program = std::env::current_exe().map_err(ApplyError::io("find", "/proc/self/exe"))?;
        if Path::new("/run/systemd/system").is_dir() && as_unit(&program, run).is_ok() {
            return Ok(());
        }
        as_process(&program, run)
    }
}

fn as_unit(program: &Path, run: &RunFolder) -> Result<()> {
    let unit = format!("--unit=mesoform-run-{}", run.id);
    let dir = run.dir.display().to_string();
    let call = Call::new("systemd-run", &["--no-block", "--collect", "--quiet", &unit])
        .also(&["--description=mesoform carries out a plan", "--"])
        .also(&[&program.display().to_string(), "apply", "--job", &dir]);
    must(&Commands, &call).map(drop)
}

/// The job makes the session its own (`setsid`) as the first thing it does.
fn as_process(program: &Path, run: &RunFolder) -> Result<()> {
    let mut child = Command::new(program)
        .args(["apply", "--job"])
        .arg(&run.dir)
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(ApplyError::io("start", program))?;
    // So that it is no zombie while this session goes on.
    std::thread::spawn(move || child.wait());
    Ok(())
}
