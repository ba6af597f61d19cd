//! What the trials stand on: voters as processes, and links between them that can be cut.

mod cluster;
mod etcd;
mod link;
#[path = "../../../../../tests/port.rs"]
mod port;
pub mod voter;

pub use cluster::{Cluster, Kind};

use std::time::Duration;

/// Longer than anything here should ever take.
pub const PATIENCE: Duration = Duration::from_secs(60);
