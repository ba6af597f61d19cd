//! The agent and its executor as one program, as they are in `mesoform`: for tests.
//! `agent SETTINGS`, or `agent executor --dir DIR`, which the first one calls.

use mesoform_settings::AgentSettings;
use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use tokio_util::sync::CancellationToken;

fn main() -> ExitCode {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let ended = match arguments[..] {
        ["executor", "--dir", dir] => executor(Path::new(dir)),
        [settings] => agent(Path::new(settings)),
        _ => return ExitCode::from(5),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the end");
            ExitCode::FAILURE
        }
    }
}

fn executor(dir: &Path) -> Result<(), Box<dyn Error>> {
    Ok(mesoform_agent::executor::run(dir)?)
}

fn agent(path: &Path) -> Result<(), Box<dyn Error>> {
    let settings: AgentSettings = mesoform_settings::load(path)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    Ok(runtime.block_on(mesoform_agent::run(settings, CancellationToken::new()))?)
}
