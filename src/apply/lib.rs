//! Carries a [`mesoform_plan::Plan`] out on the machine that it runs on.
//!
//! Everything that changes a host passes one gate, the trait [`Machine`]; what to change is decided
//! by [`mesoform_plan::changes`], which the operator's `--check` uses as well. [`session`] speaks
//! with the operator on standard input and output, [`job`] does a run's work apart from any
//! connection, and [`apply_local`] serves the cluster on an ordinary user's own machine.

mod accounts;
mod carry;
mod cure;
mod documents;
mod error;
mod host;
mod job;
mod join;
mod journal;
mod local;
mod lock;
mod machine;
mod materials;
mod observe;
mod perform;
mod renewal;
mod run;
mod runs;
mod session;
mod state;
mod systemd;
mod tree;
mod wave;

pub use documents::Documents;
pub use error::{ApplyError, Result};
pub use host::Host;
pub use job::job;
pub use join::Newcomer;
pub use local::apply_local;
pub use machine::{Machine, UnitView, Verb};
pub use materials::{Materials, Pair};
pub use renewal::{Certificates, Renewed, Round, write_outcome};
pub use run::{Call, Commands, Done, Run};
pub use session::session;
pub use tree::{Owner, Tree};

#[cfg(test)]
mod unit;
