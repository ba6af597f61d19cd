//! YAML 1.1 as PyYAML reads it, with the line of each value.

mod compose;
mod node;

pub use compose::document;
pub use node::{Entry, Node, Value};
