//! Leases: the log knows which there are; how much time they have left only the leader knows.

mod keeper;
mod leases;

pub use keeper::{Keeper, Renewal};
pub use leases::{LeaseClock, Leases, RenewError};

#[cfg(test)]
mod tests;
