use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// The newest settings format that this version reads and writes.
pub const FORMAT: u32 = 1;

/// Where a service's identity lies (PEM files).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PkiPaths {
    /// The cluster's root certificate.
    pub ca: PathBuf,
    /// This service's certificate chain; its role is in it.
    pub cert: PathBuf,
    /// The key of `cert`, mode 0600.
    pub key: PathBuf,
}

impl PkiPaths {
    /// The files of `role` in the folder `dir`: `ca.crt`, `<role>.crt`, `<role>.key`.
    pub fn in_dir(dir: &Path, role: &str) -> Self {
        Self {
            ca: dir.join("ca.crt"),
            cert: dir.join(format!("{role}.crt")),
            key: dir.join(format!("{role}.key")),
        }
    }
}

/// How a service reaches the quorum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuorumClientSettings {
    /// `host:port` of each voter's client port; TLS always.
    pub endpoints: Vec<String>,
}

/// Whether an HTTP API speaks TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// Plain for strangers: on 127.0.0.1, and where `mesoform_http=plain` was asked for. The cluster's
    /// own parts may speak TLS all the same.
    Http,
    /// With this service's certificate.
    Https,
}

/// An HTTP API's front door.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpSettings {
    pub listen: SocketAddr,
    /// `host:port` under which others reach this API.
    pub advertise: String,
    pub scheme: Scheme,
    /// The file of accepted Basic credentials (see `mesoform-http`); none: nobody is asked.
    pub credentials: Option<PathBuf>,
}
