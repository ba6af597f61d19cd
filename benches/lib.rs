//! What the benches share: repeated measurements and how they are shown.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "benches print, and what goes wrong ends them"
)]

mod sample;
mod table;

pub use sample::Sample;
pub use table::Table;

/// How often to measure: `RUNS`, or `default`.
pub fn runs(default: usize) -> usize {
    std::env::var("RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(default).max(1)
}
