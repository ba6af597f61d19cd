use crate::exit::Exit;
use std::path::Path;

/// `mesoform executor --dir DIR`: one task, in a process of its own that outlives the agent.
pub fn run(dir: &Path) -> anyhow::Result<Exit> {
    mesoform_agent::executor::run(dir)?;
    Ok(Exit::Fine)
}
