use super::{ArtifactUrl, JoinUrl};
use crate::Service;
use mesoform_settings::Scheme;
use serde::Serialize;

/// What holds for the whole cluster (`mesoform_…` variables).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Options {
    pub ports: Ports,
    /// How the HTTP APIs speak (`mesoform_http=tls|plain`).
    pub scheme: Scheme,
    /// Whether the HTTP APIs ask who is calling (`mesoform_auth=basic|none`).
    pub auth: Auth,
    pub timing: Timing,
    /// Whom tasks run as that name no user (`mesoform_task_user`).
    pub task_user: String,
    /// MiB of a task's output until it is turned over (`mesoform_task_log_size`).
    pub task_log_mib: u64,
    /// Where hosts that boot from a document fetch the binary (`mesoform_artifact_url`).
    pub artifact_url: Option<ArtifactUrl>,
    /// Where hosts that boot from a document join: an operator's `mesoform serve` (`mesoform_join_url`).
    pub join_url: Option<JoinUrl>,
}

/// The user without rights that tasks run as; agents have it from `up`.
pub const TASK_USER: &str = "mesoform-task";

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Auth {
    /// Basic credentials.
    Basic,
    /// Nobody is asked.
    None,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Ports {
    pub quorum_client: u16,
    pub quorum_peer: u16,
    pub master: u16,
    pub master_agents: u16,
    pub master_enrolment: u16,
    pub agent: u16,
    pub scheduler: u16,
}

/// The port that a cluster on one machine does without.
pub(crate) const ENROLMENT: &str = "master_enrolment_port";

impl Ports {
    /// Each port, whose it is, and the variable (without `mesoform_`) that sets it.
    pub fn all(&self) -> [(u16, Service, &'static str); 7] {
        [
            (self.quorum_client, Service::Quorum, "quorum_client_port"),
            (self.quorum_peer, Service::Quorum, "quorum_peer_port"),
            (self.master, Service::Master, "master_port"),
            (self.master_agents, Service::Master, "master_agents_port"),
            (self.master_enrolment, Service::Master, ENROLMENT),
            (self.agent, Service::Agent, "agent_port"),
            (self.scheduler, Service::Scheduler, "scheduler_port"),
        ]
    }
}

impl Default for Ports {
    fn default() -> Self {
        Self {
            quorum_client: 2379,
            quorum_peer: 2380,
            master: 5050,
            master_agents: 5055,
            master_enrolment: 5056,
            agent: 5051,
            scheduler: 8080,
        }
    }
}

/// Milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Timing {
    pub heartbeat: u64,
    pub election_timeout: u64,
    /// Leadership of masters and schedulers.
    pub leadership_ttl: u64,
    pub agent_ping: u64,
    pub agent_ping_misses: u32,
    pub agent_reregister: u64,
    pub failover_timeout: u64,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            heartbeat: 100,
            election_timeout: 1_000,
            leadership_ttl: 8_000,
            agent_ping: 5_000,
            agent_ping_misses: 3,
            agent_reregister: 30_000,
            // A week, as Marathon asks for.
            failover_timeout: 604_800_000,
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            ports: Ports::default(),
            scheme: Scheme::Https,
            auth: Auth::Basic,
            timing: Timing::default(),
            task_user: TASK_USER.to_owned(),
            task_log_mib: 10,
            artifact_url: None,
            join_url: None,
        }
    }
}
