//! Who is who in a cluster: the root CA at the operator, host certificates with roles, mutual TLS.
//!
//! Each part of a cluster proves itself with an X.509 certificate that the cluster's root signed. It
//! names its role in one URI, `mesoform://<cluster>/<role>/<host>`. Keys are P-256, are made on the
//! host that uses them and never leave it. Between our own parts only TLS 1.3 is spoken.

mod authority;
mod cert_info;
mod error;
mod files;
mod grant;
mod identity;
mod issuer;
mod joining;
mod key_request;
mod outside;
mod peer;
mod pinned;
mod reload;
mod renewal;
mod reread;
mod role;
mod secret;
mod tls;
mod verifier;
mod x509;

pub use authority::{Authority, FolderLock, lock_folder};
pub use cert_info::{CaInfo, CertInfo, inspect, inspect_ca_file, inspect_file};
pub use error::{IdentityError, Result};
pub use files::{read_secret, read_secret_of, write_public, write_secret};
pub use grant::{BACKDATE, Grant, ISSUER_LIFETIME, ISSUER_RENEW_BEFORE, LIFETIME, RENEW_BEFORE};
pub use identity::{Clients, Identity};
pub use issuer::RenewalAuthority;
pub use joining::{
    Admission, Attempts, CREDENTIALS, Desk, ETCD_KEY, Invitation, JOIN_PATH, JoinAnswer, JoinBook,
    JoinRefusal, JoinRequest, JoinUse, MAX_JOIN_REQUEST, Reception, may_have,
};
pub use key_request::KeyRequest;
pub use outside::Outside;
pub use peer::{Peer, peer_of};
pub use pinned::pinned_client_config;
pub use renewal::{
    Leaf, RENEW_PATH, Refusal, RenewAnswer, RenewRequest, decide, is_renewal_due, renewal_due,
};
pub use reread::{LOOK_EVERY, Reread};
pub use role::Role;
pub use secret::Secret;

#[cfg(test)]
mod unit;
