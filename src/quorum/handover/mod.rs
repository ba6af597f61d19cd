//! Another voter is made the leader: where one is asked for, before a leader ends, and when its process is
//! gone. Changes then wait for some milliseconds instead of for an election's time-out.
//!
//! A voter that has heard from its leader a moment ago votes for nobody else. So the leader, once its
//! successor has the whole log, has all voters promise their vote to the successor, and only then
//! has it stand.

mod choose;
mod hand_over;
mod heed;
mod promise;
mod succeed;

pub use hand_over::{HandOver, HandOverError};
pub use heed::heed;
pub use promise::give_way;
pub use succeed::{LastWord, Succession};
