//! `#cloud-config` documents: what this project says in them, how an operator's own is merged in, and
//! how they are written.
//!
//! The writer knows no cloud-init: it turns any value into YAML that reads well in a diff (texts of
//! several lines as blocks, everything doubtful in quotes), always the same for the same value.

mod content;
mod document;
mod merge;
mod user;
mod write_file;
mod yaml;

pub use content::{Packed, pack};
pub use document::{CloudConfig, HEADER};
pub use merge::merge;
pub use user::{User, UserEntry};
pub use write_file::{Encoding, WriteFile};
pub use yaml::to_yaml;
