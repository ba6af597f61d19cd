//! Joining with a token: what a host asks for that has nothing of the cluster's but the root's
//! certificate, and what it gets. Nothing here does IO.
//!
//! A token is an invitation that the root has signed. Whoever knows the root's certificate can verify
//! it, so no secret has to lie where tokens are redeemed, and nobody there can make one.

mod admission;
mod book;
mod invitation;
mod ration;
mod refusal;
mod secrets;
#[cfg(test)]
mod tests;

pub use admission::{Admission, JoinAnswer, JoinRequest, Reception};
pub use book::{JoinBook, JoinUse};
pub use invitation::{Desk, Invitation};
pub use ration::{Attempts, MAX_JOIN_REQUEST};
pub use refusal::JoinRefusal;
pub use secrets::{CREDENTIALS, ETCD_KEY, may_have};

/// Where hosts join: POST of a [`JoinRequest`] over TLS, without a certificate.
pub const JOIN_PATH: &str = "/join/v1";
