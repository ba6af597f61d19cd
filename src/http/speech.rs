use crate::{HttpError, PeerCertificate};
use mesoform_identity::{Clients, Identity, Peer, peer_of};
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// What both kinds of server offer; the client chooses.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];
/// How a TLS connection begins (a record that holds a handshake). No HTTP method begins so.
const HANDSHAKE: u8 = 0x16;

/// What is spoken on a port.
#[derive(Debug, Clone)]
pub(crate) enum Speech {
    Plain,
    Tls(Tls),
    /// Whichever of both the client begins with.
    Either(Tls),
}

impl Speech {
    /// The TLS that the client at the other end of `stream` wants; waits for its first byte where
    /// that decides. None: plain HTTP.
    pub(crate) async fn chosen_by(&self, stream: &TcpStream) -> std::io::Result<Option<&Tls>> {
        Ok(match self {
            Self::Plain => None,
            Self::Tls(tls) => Some(tls),
            Self::Either(tls) => {
                let mut first = [0];
                let read = stream.peek(&mut first).await?;
                (read == 1 && first[0] == HANDSHAKE).then_some(tls)
            }
        })
    }
}

/// A certificate of the cluster, and whose it is.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    pub(crate) peer: Peer,
    pub(crate) certificate: PeerCertificate,
}

/// TLS, and whose cluster it is.
#[derive(Clone)]
pub(crate) struct Tls {
    pub(crate) acceptor: TlsAcceptor,
    cluster: String,
}

impl Tls {
    pub(crate) fn new(identity: &Identity, clients: Clients) -> Result<Self, HttpError> {
        let acceptor = TlsAcceptor::from(identity.server_config(clients, &PROTOCOLS)?);
        Ok(Self { acceptor, cluster: identity.cluster().to_owned() })
    }

    /// Who showed a certificate. TLS has verified it; here only its name is read.
    pub(crate) fn shown_at(&self, stream: &TlsStream<TcpStream>) -> Option<Shown> {
        let leaf = stream.get_ref().1.peer_certificates()?.first()?;
        let peer = peer_of(leaf).ok().filter(|peer| peer.cluster == self.cluster)?;
        Some(Shown { peer, certificate: PeerCertificate(Arc::new(leaf.clone().into_owned())) })
    }
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").field("cluster", &self.cluster).finish_non_exhaustive()
    }
}
