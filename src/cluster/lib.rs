//! From an inventory to a running cluster: what each host should look like, and the phases in which
//! `up`, `restart` and `down` get it there.
//!
//! ```text
//! Inventory ──resolve──▶ ClusterSpec ──Blueprint──▶ one Plan per host ──phases──▶ running services
//! ```

mod admin;
mod alone;
mod artifact;
mod error;
mod graph;
mod health;
mod hostplan;
mod invitation;
pub mod membership;
mod phases;
mod places;
mod preflight;
mod progress;
pub mod report;
mod run;
mod secrets;
mod service;
mod session;
mod signing;
mod spec;

pub use admin::{Admin, AdminCredential, AdminError};
pub use alone::{Alone, AloneError, AloneUnit};
pub use artifact::{Artifact, ArtifactError, find_told as find_artifact, name as artifact_name};
pub use error::HostPlanError;
pub use graph::{Declaration, GraphError, services as unit_graph, waves};
pub use health::{Ailment, Health, Reports, etcd_members};
pub use hostplan::{BinaryRef, Blueprint, removal};
pub use invitation::{Uninvited, invitation, invitation_of_guests};
pub use phases::{
    Acceptances, Allowed, Forcing, Holding, Reach, Removals, Restoration, accept_quorum, backup,
    down, force_new_cluster, push, restart, restore, status, up,
};
pub use places::Places;
pub use preflight::Problem;
pub use progress::{Observer, Progress};
pub use run::{Run, RunOptions, Stop, Summary};
pub use secrets::Secrets;
pub use service::{Service, UnknownService};
pub use signing::sign;
pub use spec::{
    ArtifactUrl, Auth, ClusterSpec, EtcdFiles, EtcdSpec, ExtraUnit, Extras, HostSpec, JoinUrl,
    Mistake, Mistakes, Options, Ports, Timing, key_mistakes, notes, resolve, resolve_hosts,
};
