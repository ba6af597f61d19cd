//! The operator's folder of a cluster: `.mesoform/<cluster>/`, root CA and admin credential.

use mesoform_identity::{Authority, IdentityError, Secret, read_secret, write_secret};
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
}

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
        let credential = AdminCredential::load_or_create(&dir.join("admin.yml"))?;
        authority.issue_operator(dir)?;
        Ok(Self { dir: dir.to_owned(), authority, credential })
    }

    /// A cluster's folder in memory only: for `--check` where nothing was made yet.
    ///
    /// # Errors
    /// The system gives no randomness, or the cluster's name does not do.
    pub fn in_memory(dir: &Path, cluster: &str) -> Result<Self, AdminError> {
        let authority = Arc::new(Authority::create(cluster)?);
        Ok(Self { dir: dir.to_owned(), authority, credential: AdminCredential::generate() })
    }
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
        let malformed = |cause: String| AdminError::Malformed { path: path.to_owned(), cause };
        if path.exists() {
            let text = read_secret(path)?;
            let file: AdminFile =
                serde_saphyr::from_str(text.expose()).map_err(|e| malformed(e.to_string()))?;
            return Ok(Self {
                user: file.user,
                password: Secret::new(file.password),
                salt: file.salt,
            });
        }
        let made = Self::generate();
        let file = AdminFile {
            user: made.user.clone(),
            password: made.password.expose().to_owned(),
            salt: made.salt.clone(),
        };
        let yaml = serde_saphyr::to_string(&file).map_err(|e| malformed(e.to_string()))?;
        write_secret(path, yaml.as_bytes())?;
        Ok(made)
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
