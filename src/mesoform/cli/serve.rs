use clap::Args;
use std::net::SocketAddr;

#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Ansible inventory (INI), or a list of hosts: 'h1,h2,'
    #[arg(short, long, value_name = "INV", env = "MESOFORM_INVENTORY")]
    pub inventory: Option<String>,
    /// A variable that wins over the inventory: K=V, JSON, or @FILE
    #[arg(short, long = "extra-vars", value_name = "K=V")]
    pub extra_vars: Vec<String>,
    /// Where to listen
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "0.0.0.0:8000")]
    pub listen: SocketAddr,
}
