//! An etcd cluster that is not mesoform's, in the quorum's place (`mesoform_quorum_endpoints`).

mod endpoints;
mod files;
mod variables;

pub(super) use files::place;
pub use files::{EtcdFiles, NamedFile};
pub(super) use variables::{Wanted, read};

use super::ClusterSpec;
use crate::Stop;

/// The etcd that masters and schedulers use, as the inventory wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EtcdSpec {
    /// `host:port` of each member's client port.
    pub endpoints: Vec<String>,
    /// Before all keys of this cluster.
    pub prefix: String,
    /// None: plain HTTP.
    pub tls: Option<EtcdTlsSpec>,
}

/// Files at the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EtcdTlsSpec {
    pub ca: NamedFile,
    /// A certificate and its key.
    pub client: Option<(NamedFile, NamedFile)>,
}

impl EtcdSpec {
    /// Its members as URLs.
    pub fn urls(&self) -> Vec<String> {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        self.endpoints.iter().map(|endpoint| format!("{scheme}://{endpoint}")).collect()
    }

    /// All keys of the cluster begin so.
    pub fn keys(&self) -> String {
        format!("{}/mesoform/", self.prefix)
    }

    /// How `etcdctl` is told of it, with the operator's files.
    pub fn etcdctl(&self, words: &str) -> String {
        let mut command = format!("ETCDCTL_API=3 etcdctl --endpoints={}", self.urls().join(","));
        if let Some(tls) = &self.tls {
            command += &format!(" --cacert={}", tls.ca.path.display());
            if let Some((cert, key)) = &tls.client {
                command += &format!(" --cert={} --key={}", cert.path.display(), key.path.display());
            }
        }
        format!("{command} {words}")
    }

    /// Whether somebody else may read and write what this cluster does there.
    pub fn is_open(&self) -> bool {
        self.tls.as_ref().is_none_or(|tls| tls.client.is_none())
    }
}

impl ClusterSpec {
    /// Nothing where the cluster has a quorum of its own.
    ///
    /// # Errors
    /// The quorum is an etcd of others: words with `cure`, who does it instead.
    pub(crate) fn own_quorum(&self, cure: &str) -> Result<(), Stop> {
        let Some(etcd) = &self.etcd else { return Ok(()) };
        Err(Stop::Refused(format!(
            "the quorum of the cluster {:?} is an etcd that mesoform does not run ({}): {cure}",
            self.name,
            etcd.urls().join(", ")
        )))
    }
}
