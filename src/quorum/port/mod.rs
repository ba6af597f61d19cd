//! The ports of a voter: who comes in, who he is, and what he is served.

mod caller;
mod connection;
mod incoming;
mod serve;
#[cfg(test)]
mod tests;

#[cfg(test)]
pub use caller::Caller;
pub use caller::caller;
pub use serve::Port;

use crate::error::{QuorumError, Result};
use std::net::SocketAddr;
use tokio::net::{TcpListener, TcpSocket};

/// Binds a port.
///
/// # Errors
/// It is in use, or not ours to use.
pub fn listen(address: SocketAddr) -> Result<TcpListener> {
    let bind = || {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        // A restart must not wait for the connections of the process before it.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(1024)
    };
    bind().map_err(|e| QuorumError::Listen { address, cause: e.to_string() })
}
