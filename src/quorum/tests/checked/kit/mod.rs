//! What the trials stand on: voters as processes, links that can be cut, and requests.

mod ask;
mod cluster;
mod etcd;
mod link;
mod port;
pub mod voter;

pub use ask::{ask, happened, outcome, range_of};
pub use cluster::{Cluster, Kind};

use std::time::Duration;

/// Longer than anything here should ever take.
pub const PATIENCE: Duration = Duration::from_secs(60);
