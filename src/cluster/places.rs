use crate::Service;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Where things lie on a host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Places {
    /// Versions of the binary and the links of the services.
    pub opt: PathBuf,
    /// The links: `<bin>/mesoform-quorum` is the version that the quorum runs.
    pub bin: PathBuf,
    /// Settings and identities.
    pub etc: PathBuf,
    /// Certificates and keys.
    pub pki: PathBuf,
    /// Data, a folder per service.
    pub var: PathBuf,
    /// What does not survive a reboot.
    pub run: PathBuf,
    /// Unit files, where there is a systemd.
    pub units: PathBuf,
}

impl Places {
    /// The places of a real host.
    pub fn system() -> Self {
        Self::new("/opt/mesoform", "/etc/mesoform", "/var/lib/mesoform", "/run/mesoform")
    }

    /// Everything under one folder, for a cluster on this machine alone.
    pub fn under(root: &Path) -> Self {
        Self::new(root.join("opt"), root.join("etc"), root.join("var"), root.join("run"))
    }

    fn new(
        opt: impl Into<PathBuf>,
        etc: impl Into<PathBuf>,
        var: impl Into<PathBuf>,
        run: impl Into<PathBuf>,
    ) -> Self {
        let (opt, etc) = (opt.into(), etc.into());
        Self {
            bin: opt.join("bin"),
            pki: etc.join("pki"),
            opt,
            etc,
            var: var.into(),
            run: run.into(),
            units: PathBuf::from("/etc/systemd/system"),
        }
    }

    /// Whom the HTTP API of `service` lets in.
    pub fn credentials(&self, service: Service) -> PathBuf {
        self.etc.join(format!("{service}.credentials"))
    }

    /// Where the version with this SHA-256 lies.
    pub fn version(&self, sha256: &str) -> PathBuf {
        let short = sha256.get(..16).unwrap_or(sha256);
        self.opt.join("versions").join(short).join("mesoform")
    }
}
