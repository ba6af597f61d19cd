//! The TLS front of both ports: who comes in, and who he is.

use crate::error::{QuorumError, Result};
use mesoform_identity::{Peer, Role, peer_of};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::server::Connected;
use tonic::{Request, Status};

const HANDSHAKE: Duration = Duration::from_secs(10);
/// Handshakes under way at once; more wait in the kernel's queue.
const HANDSHAKES: usize = 256;
/// After the system had no room for another connection.
const PAUSE: Duration = Duration::from_millis(100);

/// A connection whose certificate was checked.
pub struct Connection {
    stream: TlsStream<TcpStream>,
    peer: Arc<Peer>,
}

/// Who is at the other end; an extension of every request.
#[derive(Clone)]
pub struct Caller(pub Arc<Peer>);

/// Who made a request.
///
/// # Errors
/// It did not come over one of our connections.
pub fn caller<T>(request: &Request<T>) -> Result<Arc<Peer>, Status> {
    let caller = request.extensions().get::<Caller>();
    caller.map(|caller| caller.0.clone()).ok_or_else(|| Status::unauthenticated("no certificate"))
}

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

/// The connections that come in with a certificate of `cluster` and one of `roles`.
pub fn incoming(
    listener: TcpListener,
    tls: TlsAcceptor,
    cluster: String,
    roles: &'static [Role],
) -> ReceiverStream<std::io::Result<Connection>> {
    let (accepted, incoming) = mpsc::channel(16);
    tokio::spawn(async move {
        let handshakes = Arc::new(Semaphore::new(HANDSHAKES));
        let cluster: Arc<str> = cluster.into();
        while let Ok(room) = handshakes.clone().acquire_owned().await {
            let stream = tokio::select! {
                stream = listener.accept() => stream,
                () = accepted.closed() => return,
            };
            let Ok((stream, from)) = stream else {
                tokio::time::sleep(PAUSE).await;
                continue;
            };
            let (tls, cluster, accepted) = (tls.clone(), cluster.clone(), accepted.clone());
            tokio::spawn(async move {
                let shaken =
                    tokio::time::timeout(HANDSHAKE, shake(tls, stream, &cluster, roles)).await;
                drop(room);
                match shaken {
                    // The server may have ended meanwhile.
                    Ok(Ok(connection)) => drop(accepted.send(Ok(connection)).await),
                    Ok(Err(cause)) => tracing::debug!(%from, cause, "a connection is refused"),
                    Err(_) => tracing::debug!(%from, "a TLS handshake took too long"),
                }
            });
        }
    });
    ReceiverStream::new(incoming)
}

async fn shake(
    tls: TlsAcceptor,
    stream: TcpStream,
    cluster: &str,
    roles: &[Role],
) -> Result<Connection, String> {
    stream.set_nodelay(true).map_err(|e| e.to_string())?;
    let stream = tls.accept(stream).await.map_err(|e| e.to_string())?;
    let certificate = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
    let peer = peer_of(certificate.ok_or("no certificate")?).map_err(|e| e.to_string())?;
    if peer.cluster != cluster || !roles.contains(&peer.role) {
        return Err(format!("{peer} may not come in here"));
    }
    Ok(Connection { stream, peer: Arc::new(peer) })
}

impl Connected for Connection {
    type ConnectInfo = Caller;

    fn connect_info(&self) -> Caller {
        Caller(self.peer.clone())
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[std::io::IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
