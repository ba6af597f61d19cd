//! All that a service wants from the quorum: reads, watches with resume, elections, fenced writes.
//!
//! The quorum speaks the etcd v3 API, so a real etcd can stand in its place. Whoever leads holds a
//! [`Leadership`]; its writes are transactions that succeed only while its key in the election is the
//! one it was elected with. What it cannot write, nobody who was deposed can.

mod admission;
mod call;
mod claim;
mod coordination;
mod dial;
mod election;
mod entry;
mod error;
mod keys;
mod list;
mod observe;
mod op;
mod pool;
mod position;
mod pulse;
mod watch;
mod write_error;

pub use coordination::Coordination;
pub use dial::{dial, dial_etcd};
pub use election::Leadership;
pub use entry::{Entry, Leader};
pub use error::{CoordinationError, Result};
pub use op::{MAX_OPS, Op};
pub use position::Position;
pub use watch::WatchEvent;
pub use write_error::WriteError;
