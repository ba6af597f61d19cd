//! The core with a clock that only moves when told to.

mod agents;
mod allocation;
mod chaos;
mod frameworks;
mod invariants;
mod reconciling;
mod updating;
mod world;

use world::{TERM, World, cpus, running};
