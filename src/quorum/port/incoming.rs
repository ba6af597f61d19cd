use super::connection::Connection;
use mesoform_identity::{Role, peer_of};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_stream::wrappers::ReceiverStream;

const HANDSHAKE: Duration = Duration::from_secs(10);
/// Handshakes under way at once; more wait in the kernel's queue.
const HANDSHAKES: usize = 256;
/// After the system had no room for another connection.
const PAUSE: Duration = Duration::from_millis(100);

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
