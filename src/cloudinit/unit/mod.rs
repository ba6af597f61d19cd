//! Documents and hosts that are made up.

mod documents;
mod edges;
mod fake;
mod mistakes;
mod properties;
