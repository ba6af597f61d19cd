//! Runs a graph of units on this machine, without root and without systemd.
//!
//! The promises are systemd's: a unit starts when all it needs have said READY (sd_notify), is
//! started again with back-off when it ends, and stops before what it needs. One is more: when the
//! supervisor is gone, even by SIGKILL, so are its units and all they started, since they hold the
//! other end of its [`LIFELINE`].
//!
//! ```text
//! Handle ──commands──▶ driver ──inputs──▶ Core (decides) ──effects──▶ driver ──▶ processes
//! ```
//!
//! It knows nothing of mesoform's services: whoever uses it hands in [`Unit`]s.

mod backoff;
mod claim;
mod core;
mod driver;
mod ended;
mod error;
mod event;
mod graph;
mod handle;
mod lifeline;
mod log;
mod notify;
mod process;
mod unit;

pub use backoff::Backoff;
pub use claim::Claim;
pub use ended::Ended;
pub use error::{Failure, SuperviseError};
pub use event::SupervisorEvent;
pub use handle::{Handle, Supervisor};
pub use lifeline::LIFELINE;
pub use unit::Unit;
