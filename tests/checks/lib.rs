//! Proofs for an etcd v3 service: players who use it and write down what they see, and judges of what
//! they wrote.
//!
//! While a test does harm to the voters, clients ask and hear ([`Call`]), watchers are told ([`Watch`]),
//! lessees keep leases or not ([`LeaseLife`]). When all is calm again the service is asked for everything
//! that ever happened ([`Timeline`]), and the judges speak:
//!
//! | judge | what it holds the service to |
//! |---|---|
//! | [`check_keys`] | each key is linearizable, by what the clients saw alone |
//! | [`check_revisions`] | all keys together: revisions are unique, in the order of time, and tell the truth |
//! | [`check_watch`] | events are ordered, unique, atomic, complete; a watch can be resumed |
//! | [`check_lease`] | no lease ends early, none stays for ever |
//! | [`check_fence`] | nobody writes under a leadership that is over |
//!
//! Values must be unique: a value tells whose put it was. [`Dice`] make a test's chance repeatable. The
//! players reach a voter by a [`Way`], which may be a network or a call within the process.

// Helpers of tests, though not themselves marked as such.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod call;
mod dice;
mod judges;
mod players;

pub use call::{Answer, Ask, Call, Change, Clock, Found, Keys, Outcome};
pub use dice::Dice;
pub use judges::{
    Happened, LeaseLife, Model, Operation, Renewal, Rule, Session, Timeline, Told, Verdict,
    Violation, Watch, check_fence, check_keys, check_lease, check_revisions, check_watch,
    linearize,
};
pub use players::{Cast, ELECTION, Failure, LOG, Stage, Troupe, Way, Witnesses, ask, outcome, way};

#[cfg(test)]
mod tests;
