use crate::cli::Cli;
use crate::exit::Exit;
use clap::CommandFactory;
use clap_complete::Shell;

/// `mesoform completions SHELL`.
pub fn shell(shell: Shell) -> anyhow::Result<Exit> {
    clap_complete::generate(shell, &mut Cli::command(), "mesoform", &mut std::io::stdout().lock());
    Ok(Exit::Fine)
}

/// `mesoform man`.
pub fn man() -> anyhow::Result<Exit> {
    clap_mangen::Man::new(Cli::command()).render(&mut std::io::stdout().lock())?;
    Ok(Exit::Fine)
}
