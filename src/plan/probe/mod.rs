//! Looking at a host that has nothing of ours: one shell script, one answer.
mod parse;
mod script;
pub use parse::parse_probe;
pub use script::probe_script;
