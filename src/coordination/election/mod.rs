//! Standing for election, by etcd's recipe: each candidate holds a key under a lease; the one with the
//! lowest create revision leads; all others wait for the one before them to go.
//!
//! [`candidate`] decides, [`stint`] does what it says.

mod campaign;
mod candidate;
mod leadership;
mod perform;
mod stint;

pub(crate) use campaign::campaign;
pub use leadership::Leadership;
pub(crate) use perform::created;

#[cfg(test)]
mod simulation;
