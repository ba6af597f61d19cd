//! The master: knows the agents, offers what they have, fairly, to frameworks, and carries their orders
//! and updates.
//!
//! `core` decides, without IO. `engine` runs a core for one leadership; `reign` stands for election and
//! starts engines; `api` (5050) and `mutual` (5055) are the HTTP around them; `consensus` is what all
//! this wants of the quorum.

mod agents_api;
mod api;
mod clock;
mod consensus;
mod core;
mod directory;
mod engine;
mod error;
mod mutual;
mod notify;
mod reign;
mod renewal;
mod reply;
mod run;
#[cfg(test)]
mod stories;

pub use error::MasterError;
pub use run::run;
