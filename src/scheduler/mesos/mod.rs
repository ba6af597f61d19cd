//! The scheduler as a framework: from Mesos' messages to the core's words and back.

mod calls;
mod environment;
mod link;
mod offers;
mod task;

pub use link::{FrameworkLink, Identify};

#[cfg(test)]
mod tests;
