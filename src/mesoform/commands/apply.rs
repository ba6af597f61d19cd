use crate::cli::ApplyArgs;
use crate::exit::Exit;

/// `mesoform apply`: carries out plans on this host.
pub fn run(args: ApplyArgs) -> anyhow::Result<Exit> {
    match args.job {
        Some(dir) => drop(mesoform_apply::job(&dir)?),
        None => mesoform_apply::session(std::io::stdin(), std::io::stdout())?,
    }
    Ok(Exit::Fine)
}
