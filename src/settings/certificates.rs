use crate::{PkiPaths, Settings};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::PathBuf;

/// How a master renews the certificates of others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RenewalSettings {
    /// The port for it (5056), mutual TLS always.
    pub listen: SocketAddr,
    /// The master's own CA, which the cluster's root has signed.
    pub issuer: PkiPaths,
}

/// `certificates.yml`: what renews the certificates of a host before they end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificatesSettings {
    pub format: u32,
    pub cluster: String,
    /// The folder that the certificates lie in.
    pub pki: PathBuf,
    /// `host:port` of every master's port for renewals (5056).
    pub masters: Vec<String>,
    /// Where it writes down how it went.
    pub outcome: PathBuf,
}

impl Settings for CertificatesSettings {
    fn format(&self) -> u32 {
        self.format
    }
}
