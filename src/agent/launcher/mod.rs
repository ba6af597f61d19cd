//! How executors are started, so that they outlive the agent.
//!
//! To add a way: implement [`Launcher`] in a file of its own here, give it a name in
//! `mesoform_settings::Launcher`, and choose it in [`of`]. A launcher must start `program executor --dir
//! DIR` so that neither the end nor the kill of the agent (with its whole unit or session) ends it, must
//! pass the lifeline on where the agent has one, and must return soon: whether the executor came up is
//! seen at its socket, not here.

mod process;
mod systemd;

pub use process::ProcessLauncher;
pub use systemd::SystemdLauncher;

use futures::future::BoxFuture;
use mesoform_mesos::Resource;
use mesoform_settings::AgentSettings;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;

/// An executor to be started.
#[derive(Debug, Clone, PartialEq)]
pub struct Start {
    /// The task's short name.
    pub short: String,
    /// The task's folder.
    pub dir: PathBuf,
    /// Cores; 0 when nothing was said.
    pub cpus: f64,
    /// MiB; 0 when nothing was said.
    pub mem: f64,
    /// Between SIGTERM and SIGKILL.
    pub grace: Duration,
}

/// Starts executors.
pub trait Launcher: Send + Sync {
    fn launch<'a>(&'a self, start: &'a Start) -> BoxFuture<'a, Result<(), LaunchError>>;
}

/// Why an executor could not be started. It may have been, after a time-out.
#[derive(Debug, Error)]
pub enum LaunchError {
    #[error("{program}: cannot be run: {source}")]
    Spawn { program: String, source: std::io::Error },
    #[error("systemd-run ended with {status}: {words}")]
    Systemd { status: std::process::ExitStatus, words: String },
    #[error("the agent ended before the executor was started")]
    Abandoned,
    #[error("systemd did not start the executor within {limit:?}")]
    TimeOut { limit: Duration },
    #[error("{}: cannot be written: {source}", path.display())]
    Log { path: PathBuf, source: std::io::Error },
}

/// The program that is the executor, and what stands before `--dir DIR`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecutorCommand {
    pub program: PathBuf,
    pub arguments: Vec<String>,
}

impl ExecutorCommand {
    /// This very executable: links are resolved now, so that an upgrade, which points a link
    /// elsewhere, does not mix versions within the life of an agent.
    ///
    /// # Errors
    /// The system does not say what runs.
    pub fn of_this_program() -> std::io::Result<Self> {
        let program = std::env::current_exe()?;
        Ok(Self { program, arguments: vec!["executor".into()] })
    }
}

/// The launcher that the settings name.
pub fn of(settings: &AgentSettings, command: ExecutorCommand) -> Arc<dyn Launcher> {
    match settings.launcher {
        mesoform_settings::Launcher::Systemd => {
            Arc::new(SystemdLauncher::new(command, settings.hidden.clone()))
        }
        mesoform_settings::Launcher::Process => Arc::new(ProcessLauncher::new(command)),
    }
}

/// How much of a scalar resource there is in all.
pub fn amount(resources: &[Resource], name: &str) -> f64 {
    let named = resources.iter().filter(|resource| resource.name == name);
    named.filter_map(|resource| resource.scalar).map(|scalar| scalar.value).sum()
}
