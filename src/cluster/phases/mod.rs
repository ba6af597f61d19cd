//! The phases, and the commands that are lists of them.

mod apply;
mod connect;
mod membership;
mod preflight;
mod start;
mod verify;

mod accept;
mod down;
mod restart;
mod status;
mod up;

pub use accept::{Acceptances, accept_quorum};
pub use down::{Removals, down};
pub use restart::restart;
pub use status::status;
pub use up::up;
