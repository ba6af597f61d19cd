//! Levels: what voters of different versions can say to each other, and may write down.
//!
//! During a rolling upgrade two versions share one log. So whatever is written has a level, and is only
//! written when all members know that level: the cluster is at a level, which the leader raises when
//! all members, learners too, say that they know a higher one. It is a command in the log like any other,
//! so it is a part of the state, of snapshots and of backups. It never falls: who does not know it is
//! refused from then on, in words that say what to do.
//!
//! | level | what came with it |
//! |---|---|
//! | 1 | the beginning: nobody says which levels he knows |
//! | 2 | voters say it; the log's batches have a checksum (`wire::seal`) |
//!
//! The format of a stored thing is the level that it takes to read it: in `voter.json` (`data_dir`), in the
//! head of a snapshot (`machine::transfer`), in that of a backup (`backup::About`).
//!
//! | what | where |
//! |---|---|
//! | [`Levels`] | the levels that a version knows; messages and introductions carry them |
//! | [`Ladder`] | where the cluster is, and what its members know |
//! | [`next_level`] | whether to raise it: a pure function |
//! | [`Raiser`] | has it raised where this voter leads |
//!
//! # How to add one
//!
//! 1. Raise [`NEWEST`], and tell in the table above what comes with it.
//! 2. Teach all readers the new encoding, or kind of command. They must not ask at which level the cluster
//!    is: a follower reads what is new before it has applied that the level was raised.
//! 3. Let writers ask ([`Ladder::level`]), and write the old encoding below the new level. The same
//!    holds for what is only said: who has said that he knows more may have come back as an older version.
//! 4. Run the tests that go from the last level to the new one: `tests/checked/upgrade.rs`, and the
//!    simulation, whose voters come back as other versions. Both take [`NEWEST`], and the one before it, from
//!    here.
//! 5. When it is whole, make its fixture, by the ignored test in `tests/formats.rs`, and check it in. Those
//!    of the levels before are never made anew.
//!
//! To give a level up, raise [`OLDEST`]: a cluster that is below it is refused, and has to be run by a
//! version in between until it is raised.

mod decide;
mod error;
mod ladder;
mod raiser;
mod range;

pub use decide::next_level;
pub use error::LevelError;
pub use ladder::{Ladder, Mark};
pub use raiser::Raiser;
pub use range::Levels;

/// The oldest level that this version knows.
pub const OLDEST: u32 = 1;
/// The newest level that this version knows.
pub const NEWEST: u32 = 2;
/// The level of what does not say any.
pub const FIRST: u32 = 1;

#[cfg(test)]
mod tests;
