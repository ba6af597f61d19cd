//! Looking at a host that has nothing of ours: one shell script, one answer.

mod content;
mod parse;
mod paths;
mod records;
mod script;
mod system;
mod units;

pub use parse::parse_probe;
pub use script::probe_script;

#[cfg(test)]
mod tests;
