//! The etcd v3 API: its messages, and client and server stubs.
//!
//! The messages are written by hand from etcd's `rpc.proto` and `kv.proto` (3.5, with the fields that
//! 3.6 added to old messages left out); field numbers, service and method names are etcd's, so any
//! etcd client or server can be at the other end.

pub mod pb;
mod stubs;

pub use stubs::{client, server};

#[cfg(test)]
mod tests;
