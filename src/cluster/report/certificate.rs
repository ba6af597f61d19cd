use jiff::Timestamp;
use mesoform_identity::{Role, inspect_ca_file, inspect_file};
use mesoform_settings::PkiPaths;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// What stands for a role where it is the cluster's root.
pub const CA: &str = "ca";

/// A certificate that lies on a host, or with the operator.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CertificateView {
    pub path: PathBuf,
    /// As in the certificate; [`CA`] for the root.
    pub role: String,
    /// When it ends.
    pub not_after: Option<Timestamp>,
    /// Why it cannot be used, however long it lasts.
    pub error: Option<String>,
}

impl CertificateView {
    /// The certificate of `role` in the folder `pki`, where the root's lies too.
    pub fn of_role(pki: &Path, role: Role) -> Self {
        let paths = PkiPaths::in_dir(pki, role.as_str());
        let found = inspect_file(&paths.cert, &paths.ca).map(|info| info.not_after);
        Self::of(paths.cert, role.as_str(), found)
    }

    /// The cluster's root in the folder `pki`.
    pub fn of_ca(pki: &Path) -> Self {
        let path = pki.join("ca.crt");
        let found = inspect_ca_file(&path).map(|info| info.not_after);
        Self::of(path, CA, found)
    }

    fn of(path: PathBuf, role: &str, found: mesoform_identity::Result<Timestamp>) -> Self {
        let (not_after, error) = match found {
            Ok(not_after) => (Some(not_after), None),
            Err(error) => (None, Some(error.to_string())),
        };
        Self { path, role: role.to_owned(), not_after, error }
    }
}
