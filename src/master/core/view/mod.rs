//! What is shown of the core: the JSON of Mesos' endpoints, and the numbers.

mod agents;
mod frameworks;
mod metrics;
mod resources;
mod state;
mod summary;
mod tasks;

pub use summary::{AgentSummary, FencedSummary, FrameworkSummary};
