//! Judges recorded histories of an etcd v3 service. Pure: it knows no server, no client and no clock.
//!
//! A test records what clients asked and heard ([`Call`]), what watchers were told ([`Watch`]) and how
//! leases fared ([`LeaseLife`]). When all is calm again it asks the service for everything that ever
//! happened ([`Timeline`]), and then lets the judges speak:
//!
//! | judge | what it holds the service to |
//! |---|---|
//! | [`check_keys`] | each key is linearizable, by what the clients saw alone |
//! | [`check_revisions`] | all keys together: revisions are unique, in the order of time, and tell the truth |
//! | [`check_watch`] | events are ordered, unique, atomic, complete; a watch can be resumed |
//! | [`check_lease`] | no lease ends early, none stays for ever |
//! | [`check_fence`] | nobody writes under a leadership that is over |
//!
//! Values must be unique: a value tells whose put it was. [`Dice`] make a test's chance repeatable.

mod call;
mod dice;
mod fence;
mod lease;
mod linear;
mod register;
mod revisions;
mod timeline;
mod violation;
mod watch;

pub use call::{Answer, Ask, Call, Change, Clock, Found, Keys, Outcome};
pub use dice::Dice;
pub use fence::check_fence;
pub use lease::{LeaseLife, Renewal, check_lease};
pub use linear::{Model, Operation, Verdict, linearize};
pub use register::check_keys;
pub use revisions::check_revisions;
pub use timeline::{Happened, Timeline};
pub use violation::{Rule, Violation};
pub use watch::{Session, Told, Watch, check_watch};

#[cfg(test)]
mod tests;
