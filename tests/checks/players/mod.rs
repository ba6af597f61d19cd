//! Who uses the service, and the verdict on what they saw.

mod ask;
mod clients;
mod lessees;
mod stage;
mod troupe;
mod verdict;
mod watchers;
mod way;

pub use ask::{ask, outcome};
pub use stage::{ELECTION, LOG, Stage};
pub use troupe::{Cast, Troupe};
pub use verdict::{Failure, Witnesses};
pub use way::{Way, way};

use std::time::Duration;

/// Longer than anything here should ever take.
const PATIENCE: Duration = Duration::from_secs(60);
