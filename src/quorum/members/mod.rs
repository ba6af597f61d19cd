//! Who belongs to the quorum: voters come in as learners, count when they have caught up, and go.
//!
//! What must be true of a change is decided in [`join`] and [`check`], without IO; [`Members`] has it
//! made where this voter leads, and passes it on where another one does.

mod check;
mod finish;
mod join;
#[allow(clippy::module_inception)]
mod members;
mod objection;
mod roster;
mod wish;

pub use join::{Change, next_change};
pub use members::{ALIVE, Members};
pub use objection::Objection;
pub use roster::{roster, roster_of};

#[cfg(test)]
mod tests;
