//! 5055: what the cluster's own parts ask of a master, over mutual TLS whatever 5050 speaks.

use crate::directory::{Directory, Port};
use crate::{agents_api, api};
use axum::Router;
use mesoform_http::only_for;
use mesoform_identity::Role;

/// Who comes in at all.
pub const ROLES: [Role; 3] = [Role::Agent, Role::Scheduler, Role::Operator];

/// The routes of 5055. A stolen agent's certificate must not run tasks on other hosts, so each side
/// has its own.
pub fn router(directory: Directory) -> Router {
    let frameworks = api::scheduler::router(directory.clone(), Port::Mutual);
    let agents = agents_api::router(directory);
    only_for(&[Role::Agent], agents).merge(only_for(&[Role::Scheduler, Role::Operator], frameworks))
}
