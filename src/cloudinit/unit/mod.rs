//! Documents and hosts that are made up.

mod documents;
mod fake;
mod mistakes;
mod properties;
