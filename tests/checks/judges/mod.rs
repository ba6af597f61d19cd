//! Pure: they know no server, no client and no clock.

mod fence;
mod lease;
mod linear;
mod register;
mod revisions;
mod timeline;
mod violation;
mod watch;

pub use fence::check_fence;
pub use lease::{LeaseLife, Renewal, check_lease};
pub use linear::{Model, Operation, Verdict, linearize};
pub use register::check_keys;
pub use revisions::check_revisions;
pub use timeline::{Happened, Timeline};
pub use violation::{Rule, Violation};
pub use watch::{Session, Told, Watch, check_watch};
