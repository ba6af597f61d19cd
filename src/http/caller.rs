use mesoform_identity::Peer;
use std::fmt;

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

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Peer(peer) => write!(f, "{}@{}", peer.role, peer.host),
            Self::User(user) => f.write_str(user),
            Self::Anonymous => f.write_str("anonymous"),
        }
    }
}
