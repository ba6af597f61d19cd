use clap::{Args, ValueEnum};
use jiff::SignedDuration;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct RenderArgs {
    #[command(flatten)]
    pub format: RenderFormat,
    /// Ansible inventory (INI), or a list of hosts: 'h1,h2,'
    #[arg(short, long, value_name = "INV", env = "MESOFORM_INVENTORY")]
    pub inventory: Option<String>,
    /// A variable that wins over the inventory: K=V, JSON, or @FILE
    #[arg(short, long = "extra-vars", value_name = "K=V")]
    pub extra_vars: Vec<String>,
    /// Only this host
    #[arg(long, value_name = "HOST")]
    pub host: Option<String>,
    /// One document for hosts of this role whose names and addresses are not known yet
    #[arg(long, value_enum, conflicts_with_all = ["host", "no_token", "enrol_at"])]
    pub role: Option<GuestRole>,
    /// With that: how many hosts may join with it
    #[arg(long, value_name = "N", default_value_t = 1, requires = "role", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub count: u32,
    /// Write to this folder, a file or a tree for each host; without it, to standard output
    #[arg(short = 'o', long = "output-dir", value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// A folder with templates of yours, laid out as templates/ is; as mesoform_templates
    #[arg(long, value_name = "DIR")]
    pub templates: Option<PathBuf>,
    /// Leave the token out with which a host joins by itself
    #[arg(long)]
    pub no_token: bool,
    /// Who redeems it: `mesoform serve` (where mesoform_join_url is set), or the masters of a cluster that runs
    #[arg(long, value_enum, default_value_t = EnrolAt::Serve, conflicts_with = "no_token")]
    pub enrol_at: EnrolAt,
    /// How long the token is good: 90m, 24h
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = lifetime, conflicts_with = "no_token")]
    pub token_ttl: SignedDuration,
    /// Where the machines are: how large a document may be there
    #[arg(long, value_enum, default_value_t = Target::Ec2)]
    pub target: Target,
    /// How large a document may be, in bytes
    #[arg(long, value_name = "N", conflicts_with = "target", value_parser = clap::value_parser!(u32).range(1..))]
    pub limit_bytes: Option<u32>,
}

/// What to render.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct RenderFormat {
    /// cloud-init's #cloud-config (HOST.yaml)
    #[arg(long)]
    pub cloud_config: bool,
    /// Ignition 3.3.0 (HOST.ign)
    #[arg(long)]
    pub ignition: bool,
    /// The cloud-config of CoreOS Container Linux (HOST.yaml)
    #[arg(long)]
    pub coreos: bool,
    /// Units and configuration as a tree of files (HOST/)
    #[arg(long)]
    pub units: bool,
    /// The plan that `up` carries out (HOST.json)
    #[arg(long)]
    pub plan: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum GuestRole {
    Agent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum EnrolAt {
    Serve,
    Masters,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Target {
    /// 16 KiB, which is little enough for anywhere
    Ec2,
    /// 32 KiB
    Hetzner,
    /// 64 KiB
    Digitalocean,
}

/// From a minute to a week: a token lies in user-data, which everything on a host can read.
fn lifetime(text: &str) -> Result<SignedDuration, String> {
    let wanted = || "a time from 1m to 168h".to_owned();
    let time: SignedDuration = text.parse().map_err(|_| wanted())?;
    let range = SignedDuration::from_mins(1)..=SignedDuration::from_hours(168);
    range.contains(&time).then_some(time).ok_or_else(wanted)
}

impl RenderArgs {
    /// The variables of the command line; a folder of templates is one.
    ///
    /// # Errors
    /// The current folder is not known.
    pub fn variables(&self) -> std::io::Result<Vec<String>> {
        let mut all = self.extra_vars.clone();
        if let Some(folder) = &self.templates {
            let folder = std::path::absolute(folder)?;
            all.push(serde_json::json!({ "mesoform_templates": folder }).to_string());
        }
        Ok(all)
    }

    /// The largest document, in bytes.
    pub fn limit(&self) -> usize {
        match (self.limit_bytes, self.target) {
            (Some(bytes), _) => usize::try_from(bytes).unwrap_or(usize::MAX),
            (None, Target::Ec2) => 16 * 1024,
            (None, Target::Hetzner) => 32 * 1024,
            (None, Target::Digitalocean) => 64 * 1024,
        }
    }
}
