//! The Raft log: entries, the vote and what was purged, in a database of its own.
//!
//! A thread of its own writes, and flushes before it acknowledges; what waits meanwhile shares the
//! next flush. A leader's entries are sent to the others meanwhile (see [`ahead`]). The newest entries are also kept in memory, so that they are not read back to be
//! applied and sent.
//!
//! Its bytes are bounded: above a limit it is cut ([`Limit`]), and above twice that nothing is added that
//! clients want, until it has been ([`Brake`]).

mod ahead;
mod brake;
mod cache;
mod cover;
mod join;
mod limit;
mod ops;
mod purge;
mod storage;
mod store;
mod weights;
mod writer;

pub use brake::Brake;
pub use cover::Cover;
pub use limit::Limit;
pub use store::LogStore;
#[cfg(test)]
pub use {ops::Op, writer::Pen};

#[cfg(test)]
mod tests;
