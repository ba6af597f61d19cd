//! The words of Marathon's API: apps, versions, constraints, instances, deployments.

mod app;
mod app_id;
mod constraint;
mod deployment;
mod failure;
mod instance;
mod instance_id;
mod moment;
mod port_definition;
mod problems;
mod read;
mod strategy;
mod update;
mod validate;

pub use app::{AppDefinition, VersionInfo};
pub use app_id::AppId;
pub(crate) use constraint::full_match;
pub use constraint::{Constraint, Operator};
pub use deployment::{Action, Deployment, Original, Target};
pub use failure::TaskFailure;
pub use instance::{Goal, Instance, earns_delay, is_live};
pub use instance_id::InstanceId;
pub use moment::Moment;
pub use port_definition::PortDefinition;
pub use problems::Problems;
pub use strategy::{KillSelection, UpgradeStrategy};
pub use update::AppUpdate;

#[cfg(test)]
mod tests;
