use futures::future::BoxFuture;

use crate::Result;
use crate::channel::Channel;

/// Something that starts commands on a host and carries their input and output.
///
/// To add one: a file of its own beside `ssh/` and `local.rs` with a type that implements this trait,
/// a variant in [`crate::Kind`], a word for `ansible_connection` in `wanted.rs`, and a line in
/// [`crate::Connection::open`]. A carrier must bound what it buffers, keep reading a command's output
/// while its input is full, and let a lost connection end the channel with an error, never with a
/// clean end.
pub trait Carrier: Send + Sync {
    /// Starts a command with the user's login shell.
    fn start<'a>(&'a self, command: &'a str) -> BoxFuture<'a, Result<Channel>>;

    /// Takes leave of the host; commands that still run lose their input and output.
    fn close(&self) -> BoxFuture<'_, ()>;
}
