//! The operator's folder of a cluster: `.mesoform/<cluster>/`, root CA and admin credential.

use crate::report::CertificateView;
use mesoform_identity::{
    Authority, IdentityError, Role, Secret, lock_folder, read_secret, write_secret,
};
use rand::distr::{Alphanumeric, SampleString};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use thiserror::Error;

/// 40 letters and digits: 238 bits.
const PASSWORD_LENGTH: usize = 40;

/// Why the operator's folder cannot be used.
#[derive(Debug, Error)]
pub enum AdminError {
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error("{}: {cause}; mend it, or delete it and run `up`, which makes a new one", path.display())]
    Malformed { path: PathBuf, cause: String },
}

/// What an operator needs of his cluster.
#[derive(Debug)]
pub struct Admin {
    pub dir: PathBuf,
    pub authority: Arc<Authority>,
    pub credential: AdminCredential,
    /// The folder has no CA yet: `authority` is made up, and means nothing.
    is_new: bool,
}

/// What stands for a CA that the first `up` will make.
pub(crate) const NOT_YET: &str = "(made at the first up)";
const NOT_YET_LINE: &str = "(made at the first up)\n";

/// The name and password that the cluster's HTTP APIs ask for.
#[derive(Debug, Clone)]
pub struct AdminCredential {
    pub user: String,
    pub password: Secret,
    /// Kept, so that the line on the hosts stays the same.
    salt: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AdminFile {
    user: String,
    password: String,
    salt: String,
}

impl Admin {
    /// Opens the folder, which is made where there is none.
    ///
    /// # Errors
    /// It belongs to another cluster, or its files cannot be used.
    pub fn open_or_create(dir: &Path, cluster: &str) -> Result<Self, AdminError> {
        let authority = Arc::new(Authority::load_or_create(dir, cluster)?);
        // Two first runs at once must not make a password each.
        let _lock = lock_folder(dir)?;
        let credential = AdminCredential::load_or_create(&credential_file(dir))?;
        authority.issue_operator(dir)?;
        Ok(Self { dir: dir.to_owned(), authority, credential, is_new: false })
    }

    /// Opens the folder as far as it is there, and changes nothing: the rest is made up in memory.
    ///
    /// # Errors
    /// It belongs to another cluster, or its files cannot be used.
    pub fn look(dir: &Path, cluster: &str) -> Result<Self, AdminError> {
        let is_new = !Self::is_in(dir);
        let authority =
            if !is_new { Authority::load_of(dir, cluster)? } else { Authority::create(cluster)? };
        let credential = AdminCredential::load(&credential_file(dir))?;
        let credential = credential.unwrap_or_else(AdminCredential::generate);
        Ok(Self { dir: dir.to_owned(), authority: Arc::new(authority), credential, is_new })
    }

    /// The CA's certificate as hosts get it; where there is none yet, words in its place.
    pub fn certificate_pem(&self) -> &str {
        if self.is_new { NOT_YET_LINE } else { self.authority.certificate_pem() }
    }

    /// The CA's fingerprint; where there is no CA yet, words in its place.
    pub fn fingerprint(&self) -> String {
        if self.is_new { NOT_YET.to_owned() } else { self.authority.fingerprint() }
    }

    /// The operator's own certificate and the root's, as far as they are there.
    pub fn certificates(&self) -> Vec<CertificateView> {
        let own = CertificateView::of_role(&self.dir, Role::Operator);
        let both = [own, CertificateView::of_ca(&self.dir)];
        both.into_iter().filter(|view| view.path.exists()).collect()
    }

    /// Whether a cluster's folder was made there.
    pub fn is_in(dir: &Path) -> bool {
        dir.join("ca.crt").exists()
    }
}

fn credential_file(dir: &Path) -> PathBuf {
    dir.join("admin.yml")
}

impl AdminCredential {
    fn generate() -> Self {
        let mut random = rand::rng();
        Self {
            user: "admin".into(),
            password: Secret::new(Alphanumeric.sample_string(&mut random, PASSWORD_LENGTH)),
            salt: hex::encode(rand::random::<[u8; 16]>()),
        }
    }

    fn load_or_create(path: &Path) -> Result<Self, AdminError> {
        if let Some(kept) = Self::load(path)? {
            return Ok(kept);
        }
        let made = Self::generate();
        let file = AdminFile {
            user: made.user.clone(),
            password: made.password.expose().to_owned(),
            salt: made.salt.clone(),
        };
        let yaml = serde_saphyr::to_string(&file).map_err(|e| malformed(path, &e))?;
        write_secret(path, yaml.as_bytes())?;
        Ok(made)
    }

    fn load(path: &Path) -> Result<Option<Self>, AdminError> {
        if !path.exists() {
            return Ok(None);
        }
        let text = read_secret(path)?;
        let file: AdminFile =
            serde_saphyr::from_str(text.expose()).map_err(|e| malformed(path, &e))?;
        let (user, salt) = (file.user, file.salt);
        if hex::decode(&salt).is_err() || user.is_empty() || user.contains(':') {
            return Err(malformed(path, &"its user or salt is none"));
        }
        Ok(Some(Self { user, password: Secret::new(file.password), salt }))
    }

    /// The line that the hosts get: a salted hash, never the password.
    pub fn line(&self) -> String {
        let salt = hex::decode(&self.salt).unwrap_or_default();
        format!(
            "{}\n",
            mesoform_http::credential_line(&self.user, self.password.expose(), &salt).trim_end()
        )
    }
}

fn malformed(path: &Path, cause: &dyn std::fmt::Display) -> AdminError {
    AdminError::Malformed { path: path.to_owned(), cause: cause.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looking_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join(".mesoform/c");
        let looked = Admin::look(&folder, "c").unwrap();
        assert_eq!(looked.certificate_pem(), format!("{}\n", looked.fingerprint()));
        assert_eq!(looked.fingerprint(), NOT_YET);
        assert!(!Admin::is_in(&folder));
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_was_made_is_found_again() {
        let dir = tempfile::tempdir().unwrap();
        let made = Admin::open_or_create(dir.path(), "c").unwrap();
        for found in [Admin::look(dir.path(), "c"), Admin::open_or_create(dir.path(), "c")] {
            let found = found.unwrap();
            assert_eq!(found.fingerprint(), made.authority.fingerprint());
            assert_eq!(found.certificate_pem(), made.authority.certificate_pem());
            assert_eq!(found.credential.line(), made.credential.line());
        }
        let roles: Vec<String> = made.certificates().into_iter().map(|view| view.role).collect();
        assert_eq!(roles, ["operator", "ca"]);
        assert!(Admin::look(dir.path(), "other").is_err());
        assert!(!format!("{made:?}").contains(made.credential.password.expose()));
    }

    #[test]
    fn two_first_runs_make_one_cluster() {
        let dir = tempfile::tempdir().unwrap();
        let first_run = || Admin::open_or_create(dir.path(), "c").unwrap();
        let made: Vec<Admin> = std::thread::scope(|scope| {
            let runs: Vec<_> = (0..8).map(|_| scope.spawn(first_run)).collect();
            runs.into_iter().map(|run| run.join().unwrap()).collect()
        });
        let kept = Admin::look(dir.path(), "c").unwrap();
        for admin in made {
            assert_eq!(admin.credential.line(), kept.credential.line());
            assert_eq!(admin.authority.fingerprint(), kept.authority.fingerprint());
        }
    }

    #[test]
    fn a_damaged_credential_is_told() {
        let dir = tempfile::tempdir().unwrap();
        write_secret(&dir.path().join("admin.yml"), b"user: admin\npassword: p\nsalt: xyz\n")
            .unwrap();
        let error = Admin::look(dir.path(), "c").unwrap_err().to_string();
        assert!(error.contains("admin.yml"), "{error}");
    }
}
