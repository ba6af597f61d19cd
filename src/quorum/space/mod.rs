//! Room on the disks. Before a reserve is used up, nothing is proposed that takes more of it: a
//! voter whose disk is full would otherwise fall over, and could not even forget anything.
//!
//! A database never gives room back by itself, but it writes to its free pages before its file grows.
//! So where there are many, these count as room too, at most as many as there is really free: the log
//! needs its own, and a large value some that hangs together. Where even that is too little, a voter
//! defragments its file by itself.

mod alarms;
mod headroom;
mod look;
mod probe;
mod room;

pub use alarms::Alarms;
pub use headroom::{Headroom, NoRoom, Reusable};
pub use look::look;
pub use probe::FreeSpace;
pub use room::{Gauge, Room};
