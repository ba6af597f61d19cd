use crate::{HttpSettings, PkiPaths, Settings};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// How executors are started, so that they outlive the agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Launcher {
    /// A transient systemd service for each.
    Systemd,
    /// A process in a session of its own: where there is no systemd.
    Process,
}

/// `key:value` that constraints of apps can ask for, as text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attribute {
    pub name: String,
    pub value: String,
}

/// What the agent offers in place of what it finds on the host.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ResourceSettings {
    /// Cores.
    pub cpus: Option<f64>,
    /// MiB.
    pub mem: Option<f64>,
    /// MiB.
    pub disk: Option<f64>,
    /// Inclusive ranges; the default is 31000–32000.
    pub ports: Option<Vec<(u16, u16)>>,
}

/// `agent.yml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgentSettings {
    pub format: u32,
    pub cluster: String,
    /// This host's name, with its domain; constraints on `hostname` see it.
    pub hostname: String,
    /// The address under which tasks on this host are reached.
    pub address: String,
    /// The agent's own HTTP API (5051).
    pub http: HttpSettings,
    /// `host:port` of every master's port for the cluster's own parts (5055).
    pub masters: Vec<String>,
    pub pki: PkiPaths,
    /// Sandboxes, the agent's id, statuses that wait for their acknowledgement.
    pub work_dir: PathBuf,
    /// Sockets of the executors; empty after a reboot.
    pub run_dir: PathBuf,
    pub launcher: Launcher,
    /// Whom tasks run as where neither they nor their framework name a user; none: the agent's own.
    #[serde(default)]
    pub task_user: Option<String>,
    /// MiB that `stdout` and `stderr` of a task may each have before they are turned over.
    #[serde(default = "task_log_mib")]
    pub task_log_mib: u64,
    /// Folders of which a task sees nothing but what is its own (only with systemd).
    #[serde(default)]
    pub hidden: Vec<PathBuf>,
    #[serde(default)]
    pub attributes: Vec<Attribute>,
    #[serde(default)]
    pub resources: ResourceSettings,
}

/// As Mesos' logrotate module.
fn task_log_mib() -> u64 {
    10
}

impl Settings for AgentSettings {
    fn format(&self) -> u32 {
        self.format
    }
}
