use crate::cli::Cli;
use crate::exit::Exit;
use crate::render;
use clap::CommandFactory;
use clap_complete::Shell;

/// `mesoform completions SHELL`.
pub fn shell(shell: Shell) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "mesoform", &mut script);
    render::say(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Fine)
}

/// `mesoform man`.
pub fn man() -> anyhow::Result<Exit> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Cli::command()).render(&mut page)?;
    render::say(&String::from_utf8_lossy(&page))?;
    Ok(Exit::Fine)
}
