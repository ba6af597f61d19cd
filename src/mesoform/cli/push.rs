use super::{InventoryOptions, OutputOptions};
use clap::Args;
use std::path::PathBuf;

/// Who speaks with an operator, carries out a plan, or applies a document.
#[derive(Debug, Args)]
#[command(override_usage = "mesoform apply --cloud-config <FILE> [OPTIONS]")]
#[group(id = "what", required = true, multiple = false, args = ["cloud_config", "session", "job"])]
pub struct ApplyArgs {
    /// The document; `-` is standard input
    #[arg(long, value_name = "FILE")]
    pub cloud_config: Option<PathBuf>,
    /// Speak with an operator over standard input and output
    #[arg(long, hide = true)]
    pub session: bool,
    /// Carry out the plan in this folder
    #[arg(long, value_name = "DIR", hide = true)]
    pub job: Option<PathBuf>,
    #[command(flatten)]
    pub how: DocumentOptions,
}

#[derive(Debug, Args)]
pub struct PushArgs {
    /// The document: a #cloud-config; `-` is standard input
    #[arg(value_name = "FILE")]
    pub document: PathBuf,
    #[command(flatten)]
    pub hosts: InventoryOptions,
    #[command(flatten)]
    pub how: DocumentOptions,
}

/// How a document is gone about.
#[derive(Debug, Args, Clone, Copy)]
pub struct DocumentOptions {
    #[command(flatten)]
    pub output: OutputOptions,
    /// Say what would change, and change nothing
    #[arg(long)]
    pub check: bool,
    /// Show the differences in files
    #[arg(long)]
    pub diff: bool,
}
