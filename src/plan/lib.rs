//! The vocabulary of the provisioning wing: what a host should look like, what it looks like, and
//! what is said while one becomes the other.
//!
//! A [`Plan`] is a list of [`Step`]s. [`interest`] says what must be known about a host to judge a
//! plan, [`changes`] compares the two. Both the operator (`--check`) and the host, before it
//! performs anything, use this one function, so a dry run is true. A bare host, which has no
//! mesoform yet, is observed with [`probe_script`] and [`parse_probe`].
//!
//! Everything here is pure: no file is opened, no process started.

mod change;
mod changes;
mod diff;
mod digest;
mod error;
mod event;
mod facts;
mod fingerprint;
mod interest;
mod joining;
mod observed;
mod places;
mod plan;
mod probe;
mod protocol;
mod secret;
mod step;
mod validate;

pub use change::{Change, Thing, What};
pub use changes::changes;
pub use diff::Diff;
pub use digest::sha256_hex;
pub use error::PlanError;
pub use event::{Event, Failure, Outcome};
pub use facts::{ClusterMark, Facts, Holder, LastRun, Lock};
pub use fingerprint::fingerprint;
pub use interest::{Interest, Look, VersionsAt, interest};
pub use joining::{Joining, UNKNOWN_ADDRESS, UNKNOWN_NAME, is_unknown};
pub use observed::{Kind, Observed, PathState, UnitState, Versions};
pub use places::{inputs_file, unit_file, wants_link};
pub use plan::{FORMAT, Plan};
pub use probe::{parse_probe, probe_script};
pub use protocol::{
    BEATS, DocumentWish, PROTOCOL, Reply, Request, SignedChain, SigningRequest, StartUnit, Started,
};
pub use secret::SecretText;
pub use step::{Ownership, Step};

/// The places on a host that more than one part must know.
pub mod place {
    pub use crate::places::{
        CLUSTER, FETCH_UNIT, JOIN, JOIN_KEYS, JOIN_UNIT, LOCK, PROGRAM, RUNS, RUNS_LAST, STATE,
        SYSTEMD_UNITS, UNITS,
    };
}

#[cfg(test)]
mod tests;
