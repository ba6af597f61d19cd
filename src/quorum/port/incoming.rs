use super::connection::Connection;
use mesoform_http::{Handshake, Handshakes};
use mesoform_identity::{Role, peer_of};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_stream::wrappers::ReceiverStream;

/// Handshakes under way at once; a newcomer takes the place of one that is silent.
pub const HANDSHAKES: usize = 256;
/// After the system had no room for another connection.
const PAUSE: Duration = Duration::from_millis(100);

/// Who comes in: with a certificate of `cluster` and one of `roles`, shown in time.
#[derive(Clone)]
pub struct Entrance {
    pub tls: TlsAcceptor,
    pub cluster: String,
    pub roles: &'static [Role],
    /// For the handshake.
    pub within: Duration,
}

/// The connections that come in at `port`.
pub fn incoming(
    listener: TcpListener,
    port: SocketAddr,
    entrance: Entrance,
) -> ReceiverStream<std::io::Result<Connection>> {
    let (accepted, incoming) = mpsc::channel(16);
    tokio::spawn(async move {
        let handshakes = Handshakes::new(HANDSHAKES, port);
        let entrance = Arc::new(entrance);
        loop {
            let newcomer = tokio::select! {
                newcomer = newcomer(&listener, &handshakes) => newcomer,
                () = accepted.closed() => return,
            };
            let Ok((stream, from, handshake)) = newcomer else {
                tokio::time::sleep(PAUSE).await;
                continue;
            };
            let (entrance, accepted) = (entrance.clone(), accepted.clone());
            tokio::spawn(async move {
                match entrance.admit(stream, handshake).await {
                    // The server may have ended meanwhile.
                    Ok(connection) => drop(accepted.send(Ok(connection)).await),
                    Err(cause) => tracing::debug!(%from, cause, "a connection is refused"),
                }
            });
        }
    });
    ReceiverStream::new(incoming)
}

/// The next connection, once there is a place for its handshake.
async fn newcomer(
    listener: &TcpListener,
    handshakes: &Handshakes,
) -> std::io::Result<(TcpStream, SocketAddr, Handshake)> {
    let (stream, from) = listener.accept().await?;
    let handshake = handshakes.arrive(from.ip()).await;
    Ok((stream, from, handshake))
}

impl Entrance {
    /// The handshake gives its place back when it is over.
    async fn admit(&self, stream: TcpStream, handshake: Handshake) -> Result<Connection, String> {
        let shaken = tokio::time::timeout(self.within, self.shake(stream));
        tokio::select! {
            biased;
            shaken = shaken => shaken.map_err(|_| "the TLS handshake took too long")?,
            () = handshake.revoked() => Err("it said nothing, and others want its place".to_owned()),
        }
    }

    async fn shake(&self, stream: TcpStream) -> Result<Connection, String> {
        stream.set_nodelay(true).map_err(|e| e.to_string())?;
        let stream = self.tls.accept(stream).await.map_err(|e| e.to_string())?;
        let certificate = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
        let peer = peer_of(certificate.ok_or("no certificate")?).map_err(|e| e.to_string())?;
        if peer.cluster != self.cluster || !self.roles.contains(&peer.role) {
            return Err(format!("{peer} may not come in here"));
        }
        Ok(Connection { stream, peer: Arc::new(peer) })
    }
}
