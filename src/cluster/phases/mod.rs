//! The phases, and the commands that are lists of them.

mod apply;
mod connect;
mod preflight;
mod start;
mod verify;

mod down;
mod accept;
mod restart;
mod status;
mod up;

pub use down::{Removals, down};
pub use accept::{Acceptances, accept_quorum};
pub use restart::restart;
pub use status::status;
pub use up::up;
