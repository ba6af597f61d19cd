//! The phases, and the commands that are lists of them.

mod apply;
mod connect;
mod departed;
mod etcd;
mod holdings;
mod membership;
mod preflight;
mod rebuild;
mod start;
mod verify;
mod voter;
mod well;

mod accept;
mod backup;
mod down;
mod force;
mod push;
mod restart;
mod restore;
mod status;
mod up;

pub use accept::{Acceptances, accept_quorum};
pub use backup::backup;
pub use down::{Removals, down};
pub use force::{Forcing, force_new_cluster};
pub use holdings::{Holding, Reach};
pub use push::push;
pub use restart::restart;
pub use restore::{Allowed, Restoration, restore};
pub use status::status;
pub use up::up;
