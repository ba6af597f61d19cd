//! Hosts, groups, variables and patterns, as Ansible understands them.
//!
//! ```text
//! source + extra variables ──parse──▶ Draft ──reconcile, merge──▶ Inventory ──▶ hosts, select, connection
//! ```
//!
//! An inventory that works with Ansible works here, and means the same: the tests compare with
//! `ansible-inventory`. What differs is on purpose:
//! - a mistake is an error, with file, line, cause and cure, and all mistakes are reported together
//!   (Ansible warns and goes on with what it understood);
//! - a host named twice with different addresses is a mistake (Ansible lets the last one win);
//! - every variable keeps its [`Origin`], so that a bad value can be shown where it stands.

mod address;
mod connection;
mod draft;
mod error;
mod extra_vars;
mod findings;
mod group;
mod host;
mod host_list;
mod ini;
mod inventory;
mod literal;
mod load;
mod merge;
mod nearest;
mod notice;
mod origin;
mod output;
mod pattern;
mod reconcile;
mod source;
mod var;
mod var_files;
mod yaml;

pub use connection::{Become, Connection, ConnectionVars, Password};
pub use error::{InventoryError, InventoryErrors, Mistake, RangeMistake, SourceKind};
pub use extra_vars::ExtraVars;
pub use group::Group;
pub use host::Host;
pub use inventory::Inventory;
pub use load::Loaded;
pub use nearest::nearest;
pub use notice::{Notice, Remark};
pub use origin::{Origin, Place};
pub use output::render_json;
pub use pattern::Selection;
pub use source::Source;
pub use var::{Var, Vars};
pub use yaml::yaml_word;

pub use serde_json::Value;
