//! How a voter finds its cluster: it founds one, joins one, or comes back to it.

mod decide;
mod form;
mod introducer;
mod ready;
mod stand;

pub use form::{cluster_id, form};
pub use introducer::Introducer;
pub use ready::report;

use crate::wire::Introduction;
use std::collections::BTreeMap;

/// What the other voters said, by their slots in our settings.
pub type Answers = BTreeMap<u8, Introduction>;

#[cfg(test)]
mod tests;
