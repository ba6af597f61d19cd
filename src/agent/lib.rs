//! The agent of a host: it offers what the host has to the leading master, starts tasks in executor
//! processes of their own, and tells how they fare until each word was acknowledged.
//!
//! - [`executor`]: the process beside each task, which outlives the agent.
//! - `core`: what the agent decides, without IO.
//! - `launcher`: how executors are started.
//! - `store`: what the agent keeps on disk.
//! - `link`: the connection to the leading master; `watch`: the connections to the executors.
//! - `api`: the agent's own HTTP API.

mod core;
mod disk;
mod error;
pub mod executor;
mod gc;
mod host;
mod launcher;
mod prepare;
mod store;

pub use disk::DiskError;
pub use error::AgentError;
pub use launcher::ExecutorCommand;
