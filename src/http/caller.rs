use mesoform_identity::Peer;
use std::fmt;
use std::sync::Arc;
use tokio_rustls::rustls::pki_types::CertificateDer;

/// Who sends a request: an extension of every request that a door lets in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// The holder of a certificate of this cluster.
    Peer(Peer),
    /// Someone who knows the password of this user.
    User(String),
    /// Anyone: where nobody is asked, and on `/ping` and `/health`.
    Anonymous,
}

/// The certificate of the cluster that was shown when the connection began: an extension of every
/// request on it. Whether it still holds, and what it opens, is for others to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerCertificate(pub Arc<CertificateDer<'static>>);

/// The request came over TLS: an extension of such requests, for routes that no secret should reach in the
/// clear on a port that understands both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encrypted;

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Peer(peer) => write!(f, "{}@{}", peer.role, peer.host),
            Self::User(user) => f.write_str(user),
            Self::Anonymous => f.write_str("anonymous"),
        }
    }
}
