//! For the tests of any crate, which take this file in with `#[path]`.

use std::net::SocketAddr;
use tokio::net::TcpSocket;

/// A port of 127.0.0.1 that nobody else gets while this lives; a service can listen on it again and again.
pub struct Port {
    address: SocketAddr,
    // Bound and never listening: with SO_REUSEADDR on both sides that keeps everyone else away.
    _socket: TcpSocket,
}

impl Port {
    pub fn reserve() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_reuseaddr(true).unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        Self { address: socket.local_addr().unwrap(), _socket: socket }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }
}
