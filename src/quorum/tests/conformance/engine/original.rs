use super::super::common::{Cluster, Port};
use super::PROGRESS;
use std::process::{Child, Command, Stdio};

/// The original, ended with this value.
pub struct Etcd {
    pub address: String,
    process: Child,
    _data: tempfile::TempDir,
    _ports: [Port; 2],
}

impl Drop for Etcd {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Etcd {
    /// Starts it with the certificate of a voter, and so many bytes for its database (0: as many as it
    /// takes by itself); none: it is not installed.
    pub fn start(cluster: &Cluster, quota: u64) -> Option<Self> {
        let data = tempfile::tempdir().unwrap();
        let keys = cluster.keys(1);
        let ports = [Port::reserve(), Port::reserve()];
        let client = ports[0].address().to_string();
        let peer = format!("http://{}", ports[1].address());
        let process = Command::new("etcd")
            .args(["--name", "original", "--data-dir"])
            .arg(data.path())
            .args(["--listen-client-urls", &format!("https://{client}")])
            .args(["--advertise-client-urls", &format!("https://{client}")])
            .args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer])
            .args(["--initial-cluster", &format!("original={peer}"), "--client-cert-auth"])
            .arg(format!("--experimental-watch-progress-notify-interval={PROGRESS:?}"))
            .arg(format!("--quota-backend-bytes={quota}"))
            .arg("--cert-file")
            .arg(&keys.cert)
            .arg("--key-file")
            .arg(&keys.key)
            .arg("--trusted-ca-file")
            .arg(&keys.ca)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        Some(Self { address: client, process, _data: data, _ports: ports })
    }
}
