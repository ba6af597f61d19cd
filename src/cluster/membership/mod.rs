//! Who votes in the quorum, as it is and as the inventory wants it. Pure: [`next_step`] decides one
//! step at a time from what was seen a moment ago, so a run that dies in between is finished by the
//! next one.

mod next;
mod roster;
mod seen;
mod wish;

pub use next::{Next, Step, next_step, stranger};
pub use roster::{Roster, RosterMember};
pub use seen::{Running, Seen};
pub use wish::{Wish, left_over, wishes};

#[cfg(test)]
mod tests;
