//! The agent of a host: it offers what the host has to the leading master, starts tasks in executor
//! processes of their own, and tells how they fare until each word was acknowledged.
//!
//! - [`executor`]: the process beside each task, which outlives the agent.
//! - `core`: what the agent decides, without IO.
//! - `shell`: the loop around it. `watch`: its side of the executors; `link`: of the leading master.
//! - `launcher`: how executors are started; `prepare`: with what.
//! - `store`: what the agent keeps on disk; `gc`: for how long.
//! - `api`: the agent's own HTTP API.

mod api;
mod core;
mod disk;
mod error;
pub mod executor;
mod gc;
mod host;
mod launcher;
mod link;
mod prepare;
mod run;
mod shell;
mod store;
mod watch;

pub use disk::DiskError;
pub use error::AgentError;
pub use launcher::ExecutorCommand;
pub use link::LinkError;
pub use run::{run, run_with};
