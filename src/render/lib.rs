//! A host's plan as a document that a machine boots from.
//!
//! ```text
//! Plan ──Boot::of──▶ Boot ──document──▶ #cloud-config | Ignition | CoreOS cloud-config
//!                         ──tree──────▶ unit files and configuration
//! ```
//!
//! The plan is the one that `up` carries: [`Boot`] only sorts its steps by what documents can say, and
//! each dialect writes the same `Boot` down. What a document must not say, since every process of a
//! host can read its user-data, is counted ([`Missing`]): keys, certificates, credentials. To add a
//! dialect, add a file below `dialect/` and a name to [`Dialect`].

mod boot;
mod commands;
mod dialect;
mod error;
mod fit;
mod hostname;
mod missing;
mod packer;
mod supply;
mod tree;

pub use boot::{Boot, Directory, File, Link, User};
pub use dialect::{Dialect, document};
pub use error::RenderError;
pub use hostname::hostname;
pub use missing::Missing;
pub use packer::Packer;
pub use supply::{Join, Supply};
pub use tree::{Entry, Tree, tree};

#[cfg(test)]
mod unit;
