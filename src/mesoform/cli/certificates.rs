use clap::{Args, Subcommand};
use std::path::PathBuf;

/// What is done about the certificates of the host that this is called on.
#[derive(Debug, Args)]
pub struct CertificatesArgs {
    #[command(subcommand)]
    pub action: CertificatesAction,
}

#[derive(Debug, Subcommand)]
pub enum CertificatesAction {
    /// Have a master renew those that end soon
    Renew {
        /// Where they lie, and who renews them
        #[arg(long, value_name = "FILE", default_value = "/etc/mesoform/certificates.yml")]
        config: PathBuf,
    },
}
