//! Room on the disks. Before a reserve is used up, nothing is proposed that takes more of it: a
//! voter whose disk is full would otherwise fall over, and could not even forget anything.

mod alarms;
mod probe;
mod room;

pub use alarms::Alarms;
pub use probe::FreeSpace;
pub use room::{Gauge, Room};
