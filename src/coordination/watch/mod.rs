//! Watches that outlive voters and connections.

mod cursor;
mod event;
mod follow;

pub use event::WatchEvent;
pub(crate) use follow::{await_gone, watch};
