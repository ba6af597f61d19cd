use crate::DiskError;
use crate::link::LinkError;
use mesoform_http::HttpError;
use mesoform_identity::IdentityError;
use mesoform_mesos::agent_protocol::NoQuorumId;
use mesoform_settings::SettingsError;
use thiserror::Error;

/// Why an agent ended.
#[derive(Debug, Error)]
pub enum AgentError {
    #[error(transparent)]
    Disk(#[from] DiskError),
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error(transparent)]
    Http(#[from] HttpError),
    #[error(
        "the certificate belongs to '{found}', but the settings name this host '{wanted}'; the \
         masters would refuse it: run `mesoform up` again"
    )]
    OtherHost { found: String, wanted: String },
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error("{}: {cause}; remove the file", path.display())]
    Acceptance { path: std::path::PathBuf, cause: NoQuorumId },
    #[error("{}: another agent works here; stop it first", path.display())]
    InUse { path: std::path::PathBuf },
    #[error("the settings name no masters; put the masters' host:port under `masters`")]
    NoMasters,
    #[error(
        "tasks cannot run as `task_user` says: {cause}; make that user, or set mesoform_task_user to \
         another and run `mesoform up`"
    )]
    TaskUser { cause: String },
    #[error("what this host has cannot be found out: {what}: {cause}")]
    Host { what: &'static str, cause: String },
    #[error(transparent)]
    Link(#[from] LinkError),
    #[error("a master ended this agent: {reason}; start it again to join as a new one")]
    Ended { reason: String },
    #[error("a part of the agent ended by itself: {part}; this is a bug")]
    PartEnded { part: &'static str },
}
