//! The command line: what can be asked for, and its help.

mod certificates;
mod push;
mod recovery;
mod render;
mod serve;
mod voter;

pub use certificates::{CertificatesAction, CertificatesArgs};
pub use push::{ApplyArgs, DocumentOptions, PushArgs};
pub use recovery::{BackupArgs, RestoreArgs};
pub use render::{EnrolAt, GuestRole, RenderArgs};
pub use serve::ServeArgs;
pub use voter::{VoterAction, VoterArgs};

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

pub const EXAMPLES: &str = "\
Examples:
  mesoform up                          a whole cluster on this machine, no root needed
  mesoform up -i hosts.ini             a cluster on the hosts of an Ansible inventory
  mesoform up -i hosts.ini --check     what that would change
  mesoform status -i hosts.ini         what runs where, who leads, what is wrong and the cure
  mesoform restart zookeeper-equivalent -i hosts.ini
  mesoform down -i hosts.ini           take it all away again

Exit codes: 0 fine, 1 an error before any host was touched, 2 a host failed,
4 a host was unreachable, 5 bad options.";

/// From bare hosts to a running Mesos- and Marathon-compatible cluster
#[derive(Debug, Parser)]
#[command(name = "mesoform", version, styles = STYLES, after_help = EXAMPLES, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

impl Cli {
    /// Whether one JSON object a line is asked for.
    pub fn wants_json(&self) -> bool {
        let output = match &self.command {
            Command::Up(args) => args.output,
            Command::Status(args) => args.output,
            Command::Restart(args) => args.output,
            Command::Down(args) => args.output,
            Command::Backup(args) => args.output(),
            Command::Restore(args) => args.output,
            Command::Apply(args) => args.how.output,
            Command::Push(args) => args.how.output,
            _ => return false,
        };
        output.output == OutputFormat::Json
    }
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make the cluster run: on the hosts of an inventory, or whole on this machine
    Up(UpArgs),
    /// What runs where, who leads, what is wrong and the cure
    Status(StatusArgs),
    /// Restart a service, one host after the other where consensus asks for it
    Restart(RestartArgs),
    /// Stop the cluster and take it from its hosts
    Down(DownArgs),
    /// Save the quorum's data to a file
    Backup(BackupArgs),
    /// Make the cluster run with the quorum's data from a file
    Restore(RestoreArgs),
    /// What `up` would make of the hosts, as documents that machines boot from
    Render(RenderArgs),
    /// Offer hosts that boot from documents their binaries (HTTP), and have them join (HTTPS)
    Serve(ServeArgs),
    /// Apply a #cloud-config on running hosts
    Push(PushArgs),
    /// Apply a #cloud-config on this host, as cloud-init would
    Apply(ApplyArgs),
    /// The inventory as mesoform understands it, in the shapes of ansible-inventory
    Inventory(InventoryArgs),
    /// Completions for a shell
    Completions { shell: clap_complete::Shell },
    /// The manual page, as roff
    Man,

    /// Run the consensus store in the foreground (units do this)
    #[command(hide = true)]
    Quorum(ServiceArgs),
    /// Run a master in the foreground (units do this)
    #[command(hide = true)]
    Master(ServiceArgs),
    /// Run a scheduler in the foreground (units do this)
    #[command(hide = true)]
    Scheduler(ServiceArgs),
    /// Run an agent in the foreground (units do this)
    #[command(hide = true)]
    Agent(ServiceArgs),
    /// Run one task (the agent does this)
    #[command(hide = true)]
    Executor {
        #[arg(long)]
        dir: PathBuf,
    },
    /// Look after this host's voter (`up`, `backup` and `restore` do this over SSH)
    #[command(hide = true)]
    Voter(VoterArgs),
    /// Look after this host's certificates (a timer does this)
    #[command(hide = true)]
    Certificates(CertificatesArgs),
    /// Get this host's certificates with its token (a unit does this at the first boot)
    #[command(hide = true)]
    Join,
    /// Tell how this host's services are, as JSON (`status` does this over SSH)
    #[command(hide = true)]
    Report(ReportArgs),
}

/// Which hosts, and how to look at them.
#[derive(Debug, Args)]
pub struct InventoryOptions {
    /// Ansible inventory (INI), or a list of hosts: 'h1,h2,'
    #[arg(short, long, value_name = "INV", env = "MESOFORM_INVENTORY")]
    pub inventory: Option<String>,
    /// Touch only these hosts (Ansible's patterns; @FILE holds one a line)
    #[arg(short, long, value_name = "PATTERN")]
    pub limit: Option<String>,
    /// A variable that wins over the inventory: K=V, JSON, or @FILE
    #[arg(short, long = "extra-vars", value_name = "K=V")]
    pub extra_vars: Vec<String>,
    /// How many hosts are worked on at once
    #[arg(short, long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub forks: u16,
}

/// How to tell about it.
#[derive(Debug, Args, Clone, Copy)]
pub struct OutputOptions {
    /// For people, or one JSON object a line
    #[arg(short, long, value_enum, default_value_t = OutputFormat::Text)]
    pub output: OutputFormat,
    /// Colours and live lines: never, always, or where standard error is a terminal
    #[arg(long, value_enum, default_value_t = ColorChoice::Auto)]
    pub color: ColorChoice,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    Text,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Args)]
pub struct UpArgs {
    #[command(flatten)]
    pub hosts: InventoryOptions,
    #[command(flatten)]
    pub output: OutputOptions,
    /// Say what would change, and change nothing
    #[arg(long)]
    pub check: bool,
    /// Take voters out of the quorum that have left the inventory, and from its hosts the services that
    /// it has for them no more, with their data
    #[arg(long)]
    pub prune: bool,
    /// Show the differences in files
    #[arg(long)]
    pub diff: bool,
    /// How long the cluster may take to be ready, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub timeout: u64,
    /// Without an inventory: where this machine's cluster keeps its data
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct StatusArgs {
    #[command(flatten)]
    pub hosts: InventoryOptions,
    #[command(flatten)]
    pub output: OutputOptions,
}

#[derive(Debug, Args)]
pub struct RestartArgs {
    /// quorum (zookeeper, zookeeper-equivalent), master (mesos-master), scheduler (marathon) or
    /// agent (mesos-agent, mesos-slave)
    #[arg(value_parser = |name: &str| name.parse::<mesoform_cluster::Service>())]
    pub service: mesoform_cluster::Service,
    #[command(flatten)]
    pub hosts: InventoryOptions,
    #[command(flatten)]
    pub output: OutputOptions,
    /// Agents: obey the masters of the quorum that leads now, though they have obeyed another. For when
    /// that one is lost for good; their tasks run on
    #[arg(long)]
    pub accept_quorum: bool,
    /// Do not ask before that
    #[arg(short, long)]
    pub yes: bool,
    /// Quorum: begin a new one with what this host's voter has, which the other voters join. For when
    /// the disks of the majority are lost for good
    #[arg(long, value_name = "HOST", conflicts_with = "accept_quorum")]
    pub force_new_cluster: Option<String>,
    /// With that: give up what these voters have more than HOST's
    #[arg(long, value_name = "HOST,…", value_delimiter = ',', requires = "force_new_cluster")]
    pub without: Vec<String>,
    /// How long each wave may take to be ready, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub timeout: u64,
}

#[derive(Debug, Args)]
pub struct DownArgs {
    #[command(flatten)]
    pub hosts: InventoryOptions,
    #[command(flatten)]
    pub output: OutputOptions,
    /// Keep the quorum's data, sandboxes and identities
    #[arg(long)]
    pub keep_data: bool,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
}

#[derive(Debug, Args)]
pub struct InventoryArgs {
    /// Ansible inventory (INI), or a list of hosts: 'h1,h2,'
    #[arg(short, long, value_name = "INV", env = "MESOFORM_INVENTORY")]
    pub inventory: Option<String>,
    /// A variable that wins over the inventory: K=V, JSON, or @FILE
    #[arg(short, long = "extra-vars", value_name = "K=V")]
    pub extra_vars: Vec<String>,
    /// All groups and hosts, as ansible-inventory --list
    #[arg(long, conflicts_with_all = ["graph", "host"])]
    pub list: bool,
    /// The tree of groups, as ansible-inventory --graph
    #[arg(long, conflicts_with = "host")]
    pub graph: bool,
    /// One host's variables, as ansible-inventory --host
    #[arg(long, value_name = "HOST")]
    pub host: Option<String>,
}

#[derive(Debug, Args)]
pub struct ServiceArgs {
    /// The service's settings
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
}

#[derive(Debug, Args)]
pub struct ReportArgs {
    /// Where the services' settings lie
    #[arg(long, value_name = "DIR", default_value = "/etc/mesoform")]
    pub etc: PathBuf,
}

/// Whether a command line that cannot be parsed asks for one JSON object a line all the same.
pub fn asks_for_json(args: impl Iterator<Item = OsString>) -> bool {
    let args: Vec<OsString> = args.collect();
    let apart =
        args.windows(2).any(|two| (two[0] == "--output" || two[0] == "-o") && two[1] == "json");
    apart || args.iter().any(|arg| arg == "--output=json" || arg == "-ojson" || arg == "-o=json")
}

/// Parses the command line. A call through a link named `mesoform-quorum` is `mesoform quorum`.
pub fn parse(args: impl Iterator<Item = OsString>) -> Result<Cli, clap::Error> {
    let mut args: Vec<OsString> = args.collect();
    let service = args
        .first()
        .and_then(|arg0| Path::new(arg0).file_name()?.to_str()?.strip_prefix("mesoform-"))
        .filter(|name| ["quorum", "master", "scheduler", "agent"].contains(name))
        .map(OsString::from);
    if let Some(service) = service {
        args.insert(1, service);
    }
    Cli::try_parse_from(args)
}

#[cfg(test)]
mod tests;
