//! What cloud-init makes of a `#cloud-config`, on a host that has no cloud-init.
//!
//! ```text
//! text ──Document::parse──▶ modules in cloud-init's order ──actions (what is seen of the host)──▶ changes
//! ```
//!
//! All that is wrong with a document is told before anything is touched, an unsupported key too. A
//! [`modules::Module`] only decides: it looks at the host ([`host::Look`]) and answers with
//! [`Action`]s, each of which is judged against the host once more right before its turn, since what
//! came before it may have changed that. All change passes one gate ([`host::Gate`]); a check stops there.
//!
//! Semantics are those of cloud-init 22.4 as Debian has it. Each module does its work once per document
//! ([`Record`]): the document's hash is what an instance's id is to cloud-init. Where we mean to differ,
//! a comment at the place says why, and `tests/oracles/cloud_config` lists it.

mod accounts;
mod action;
mod carrier;
mod document;
mod error;
mod fields;
pub mod host;
mod mistake;
pub mod modules;
mod record;
mod run;
mod yaml;

#[cfg(test)]
mod unit;

pub use action::{Action, Command, FileAction, Owner};
pub use carrier::Carrier;
pub use document::{Document, LARGEST};
pub use error::{CloudInitError, Result};
pub use mistake::{Mistake, Mistakes};
pub use record::Record;
pub use run::{Application, Wish, apply};
