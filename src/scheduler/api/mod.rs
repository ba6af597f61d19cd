//! Marathon's REST API. Reads show what is committed; changes are orders to the engine.
//!
//! Paths are taken apart by hand: ids of apps have slashes in them, and clients write them doubled,
//! escaped, and with one at the end.

mod app_json;
mod apps;
mod asked;
mod deployments;
mod front;
mod groups;
mod info;
mod labels;
mod leader;
mod metrics;
mod proxy;
mod queue;
mod reply;
mod role;
mod route;
mod status;
mod tasks;
mod versions;

pub use front::{ConsensusCheck, Front};
pub use proxy::Proxy;
pub use role::{Candidate, Office, Role};

#[cfg(test)]
mod tests;
