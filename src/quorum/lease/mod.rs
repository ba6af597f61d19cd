//! Leases: the log knows which there are; how much time they have left only the leader knows.

mod keeper;
mod leases;

pub use keeper::Keeper;
pub use leases::{LeaseClock, Leases, RenewError};
