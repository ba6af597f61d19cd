//! The command line from outside: its help, its exit codes, and what it does with bad input.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod hosts;
mod input;
mod joining;
mod kit;
mod recovery;
mod render;
mod serve;
mod texts;
