use crate::cli::{Cli, EXAMPLES};
use crate::exit::Exit;
use crate::render;
use clap::CommandFactory;
use clap_complete::Shell;
use clap_mangen::Man;
use std::io::Write;

/// `mesoform completions SHELL`.
pub fn shell(shell: Shell) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "mesoform", &mut script);
    render::say(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Fine)
}

/// `mesoform man`: one page, with the options of all commands.
pub fn man() -> anyhow::Result<Exit> {
    let mut cli = Cli::command();
    cli.build();
    let page = Man::new(cli.clone());
    let mut roff = Vec::new();
    page.render_title(&mut roff)?;
    page.render_name_section(&mut roff)?;
    page.render_synopsis_section(&mut roff)?;
    page.render_options_section(&mut roff)?;
    roff.extend(b".SH COMMANDS\n");
    for command in cli.get_subcommands().filter(|c| !c.is_hide_set() && c.get_name() != "help") {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        let page = Man::new(command.clone().disable_help_flag(true));
        let (mut synopsis, mut options) = (Vec::new(), Vec::new());
        page.render_synopsis_section(&mut synopsis)?;
        page.render_options_section(&mut options)?;
        writeln!(roff, ".SS {}", command.get_name())?;
        roff.extend(without_heading(&synopsis));
        writeln!(roff, ".PP\n{}", escaped(&about))?;
        roff.extend(without_heading(&options));
    }
    // As it stands: filled lines would tear the columns.
    writeln!(roff, ".SH EXAMPLES\n.nf\n{}\n.fi", escaped(EXAMPLES))?;
    render::say(&String::from_utf8_lossy(&roff))?;
    Ok(Exit::Fine)
}

fn without_heading(section: &[u8]) -> Vec<u8> {
    section
        .split_inclusive(|b| *b == b'\n')
        .filter(|l| !l.starts_with(b".SH"))
        .flatten()
        .copied()
        .collect()
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('-', "\\-").replace('\'', "\\(aq")
}
