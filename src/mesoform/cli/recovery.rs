use super::{ColorChoice, InventoryOptions, OutputFormat, OutputOptions};
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct BackupArgs {
    #[command(flatten)]
    pub hosts: InventoryOptions,
    /// Where the backup goes (-o is no format here: that is --output); what is there is replaced once the
    /// new one is whole
    #[arg(short = 'o', long, value_name = "FILE")]
    pub file: PathBuf,
    /// What is printed: words for people, or one JSON object a line
    #[arg(long, value_enum, default_value_t = OutputFormat::Text)]
    pub output: OutputFormat,
    /// Colours and live lines: never, always, or where standard error is a terminal
    #[arg(long, value_enum, default_value_t = ColorChoice::Auto)]
    pub color: ColorChoice,
}

impl BackupArgs {
    pub fn output(&self) -> OutputOptions {
        OutputOptions { output: self.output, color: self.color }
    }
}

#[derive(Debug, Args)]
pub struct RestoreArgs {
    /// What `mesoform backup` has written
    pub file: PathBuf,
    #[command(flatten)]
    pub hosts: InventoryOptions,
    #[command(flatten)]
    pub output: OutputOptions,
    /// Put the data aside that voters have, and restore in their place
    #[arg(long)]
    pub overwrite: bool,
    /// Restore the backup of this other cluster; without it, only one of this cluster's own is restored
    #[arg(long, value_name = "NAME")]
    pub from_cluster: Option<String>,
    /// Go on though these voters, a majority, cannot be reached: they are gone or surely switched off, and
    /// no old quorum runs on
    #[arg(long, value_name = "HOST,…", value_delimiter = ',')]
    pub without: Vec<String>,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
    /// How long the cluster may take to be ready, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub timeout: u64,
}
