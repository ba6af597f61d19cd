use crate::run::{Call, Commands, Run, must};
use crate::runs::RunFolder;
use crate::{ApplyError, Documents, Result};
use mesoform_plan::{DocumentWish, Event, Outcome};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

/// What the session has this binary do in processes of their own. Another one in tests.
pub trait Launch {
    /// Starts a run's job apart from the session, and does not wait.
    ///
    /// # Errors
    /// It cannot be started.
    fn launch(&self, run: &RunFolder) -> Result<()>;

    /// Clears up what is left where a run's job has ended: its unit.
    fn clear_up(&self, _run: &RunFolder) {}

    /// What `mesoform report` says of this host's services.
    ///
    /// # Errors
    /// It cannot be started, or says nothing that is JSON.
    fn report(&self) -> Result<serde_json::Value>;

    /// Says what a document would change.
    ///
    /// # Errors
    /// There is nobody who understands documents.
    fn check(&self, _wish: &DocumentWish, _tell: &mut dyn FnMut(Event)) -> Result<Outcome> {
        Err(ApplyError::Protocol { cause: "documents are not understood here".to_owned() })
    }
}

/// As long as the last of a unit's processes is not quite gone, it is not forgotten.
const REMINDERS: u32 = 10;
const PAUSE: Duration = Duration::from_millis(20);

/// A process that outlives the connection: a transient unit where systemd is the first process,
/// else one in a session of its own.
pub struct Detached(pub Arc<dyn Documents>);

impl Launch for Detached {
    fn launch(&self, run: &RunFolder) -> Result<()> {
        let program = program()?;
        if Path::new("/run/systemd/system").is_dir() && as_unit(&program, run).is_ok() {
            return Ok(());
        }
        as_process(&program, run)
    }

    /// systemd forgets a unit that has ended when something reminds it of it, which may be much later.
    fn clear_up(&self, run: &RunFolder) {
        if !Path::new("/run/systemd/system").is_dir() {
            return;
        }
        let remind = Call::new("systemctl", &["stop", "--quiet", "--", &unit(run)]);
        for _ in 0..REMINDERS {
            // One that is forgotten cannot be stopped.
            if Commands.run(&remind).map_or(true, |done| done.code != Some(0)) {
                break;
            }
            std::thread::sleep(PAUSE);
        }
    }

    fn check(&self, wish: &DocumentWish, tell: &mut dyn FnMut(Event)) -> Result<Outcome> {
        Ok(self.0.carry_out(wish, tell))
    }

    fn report(&self) -> Result<serde_json::Value> {
        let call = Call::new(&program()?.display().to_string(), &["report"]);
        let said = must(&Commands, &call)?.stdout;
        serde_json::from_str(said.trim()).map_err(|error| ApplyError::Command {
            command: call.line(),
            cause: format!("its report is not understood: {error}"),
        })
    }
}

fn program() -> Result<PathBuf> {
    std::env::current_exe().map_err(ApplyError::io("find", "/proc/self/exe"))
}

fn unit(run: &RunFolder) -> String {
    format!("mesoform-run-{}.service", run.id)
}

fn as_unit(program: &Path, run: &RunFolder) -> Result<()> {
    let unit = format!("--unit={}", unit(run));
    let dir = run.dir.display().to_string();
    // What a document's commands leave in the background is meant to stay.
    let kill = match run.document()?.is_some() {
        true => "--property=KillMode=process",
        false => "--property=KillMode=control-group",
    };
    let call = Call::new("systemd-run", &["--no-block", "--collect", "--quiet", &unit, kill])
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
