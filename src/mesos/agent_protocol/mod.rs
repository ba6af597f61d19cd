//! What master and agents say to each other on the masters' port for the cluster's own parts (5055), JSON over mutual TLS. The
//! protocol's version stands in the paths and in [`Subscribe::protocol`].
//!
//! - `POST` [`SUBSCRIBE_PATH`] with [`Subscribe`]: 200 and a RecordIO stream of [`Order`]s; 307 with the
//!   leading master's `Location`; 503 where none leads; 409 from another cluster, and with [`Fenced`] where
//!   the agent would refuse this master's orders.
//! - `POST` [`REPORT_PATH`] with [`Report`]: 202; 403 when this agent must subscribe (again).
//! - `POST` [`PONG_PATH`] with [`Pong`]: likewise.

mod fence;
mod order;
mod report;
mod subscribe;

pub use fence::{Fence, Fenced, NoQuorumId, QuorumId};
pub use order::{Order, OrderKind};
pub use report::{Pong, Report, StatusUpdate};
pub use subscribe::{Subscribe, TaskReport};

/// The version that these messages are.
pub const PROTOCOL: u32 = 1;

pub const SUBSCRIBE_PATH: &str = "/agent/v1/subscribe";
pub const REPORT_PATH: &str = "/agent/v1/report";
pub const PONG_PATH: &str = "/agent/v1/pong";
