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
    /// `host:port` of each voter's client port.
    pub endpoints: Vec<String>,
    /// An etcd cluster that is not mesoform's stands in the quorum's place. Without it the endpoints are
    /// voters of the cluster: TLS always, with the service's own identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etcd: Option<EtcdSettings>,
}

impl QuorumClientSettings {
    /// The quorum of the cluster itself.
    pub fn own(endpoints: Vec<String>) -> Self {
        Self { endpoints, etcd: None }
    }
}

/// How an etcd cluster that is not mesoform's is met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EtcdSettings {
    /// Before all keys, as etcd's own `namespace`: several clusters may share an etcd.
    pub prefix: String,
    /// None: plain HTTP/2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<EtcdTls>,
}

/// The files with which etcd is believed, and believes (PEM).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EtcdTls {
    /// Whose signature etcd's certificates bear.
    pub ca: PathBuf,
    /// What etcd is shown; its common name is etcd's user where etcd has users. None: nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<EtcdClient>,
}

/// A client certificate and its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EtcdClient {
    pub cert: PathBuf,
    /// Mode 0600.
    pub key: PathBuf,
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
