//! The files with which an etcd is met, at the operator.

use super::{EtcdSpec, EtcdTlsSpec};
use crate::spec::Mistakes;
use mesoform_identity::{IdentityError, Outside, Secret, read_secret};
use mesoform_inventory::Origin;
use mesoform_settings::{EtcdClient, EtcdTls};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// A file, and where it is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedFile {
    pub path: PathBuf,
    pub origin: Origin,
}

/// What the hosts get of these files. The key is never shown.
#[derive(Debug, Clone)]
pub struct EtcdFiles {
    pub ca: String,
    /// A certificate and its key.
    pub client: Option<(String, Secret)>,
}

impl EtcdFiles {
    /// The key's SHA-256 in hex: all that a plan has of it.
    pub(crate) fn key_sha256(key: &Secret) -> String {
        hex::encode(Sha256::digest(key.expose()))
    }
}

impl EtcdSpec {
    /// Reads the files; none where there is no TLS.
    ///
    /// # Errors
    /// All that is wrong with them, each where it is named.
    pub fn files(&self) -> Result<Option<EtcdFiles>, Mistakes> {
        let Some(tls) = &self.tls else { return Ok(None) };
        let mut mistakes = Mistakes::default();
        let files = tls.read(&mut mistakes);
        if mistakes.0.is_empty() {
            tls.fit(&mut mistakes);
        }
        mistakes.conclude(files)
    }
}

impl EtcdTlsSpec {
    fn read(&self, mistakes: &mut Mistakes) -> Option<EtcdFiles> {
        let ca = self.ca.text(mistakes);
        let client =
            self.client.as_ref().map(|(cert, key)| (cert.text(mistakes), key.key(mistakes)));
        let client = match client {
            Some((cert, key)) => Some((cert?, key?)),
            None => None,
        };
        Some(EtcdFiles { ca: ca?, client })
    }

    /// Whether a service could use them.
    fn fit(&self, mistakes: &mut Mistakes) {
        let client = self.client.as_ref();
        let client =
            client.map(|(cert, key)| EtcdClient { cert: cert.path.clone(), key: key.path.clone() });
        let Err(error) = Outside::load(&EtcdTls { ca: self.ca.path.clone(), client }) else {
            return;
        };
        let text = error.to_string();
        let named = |file: &&NamedFile| text.contains(&file.path.display().to_string());
        let files = self.client.iter().flat_map(|(cert, key)| [cert, key]).chain([&self.ca]);
        let file = files.clone().find(named).unwrap_or(&self.ca);
        mistakes.add(&file.origin, text, "");
    }
}

/// What a path in an inventory names: `~/` is the operator's home; other relative paths begin in the
/// inventory's `folder`.
pub(in crate::spec) fn place(text: &str, folder: &Path) -> PathBuf {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    match (text.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => folder.join(text),
    }
}

impl NamedFile {
    /// With the path as [`place`] reads it.
    pub(super) fn new(text: &str, folder: &Path, origin: &Origin) -> Self {
        Self { path: place(text, folder), origin: origin.clone() }
    }

    fn text(&self, mistakes: &mut Mistakes) -> Option<String> {
        let read = std::fs::read_to_string(&self.path);
        let read = read.map_err(|source| IdentityError::Read { path: self.path.clone(), source });
        self.or_mistake(read, mistakes)
    }

    fn key(&self, mistakes: &mut Mistakes) -> Option<Secret> {
        self.or_mistake(read_secret(&self.path), mistakes)
    }

    fn or_mistake<T>(&self, read: Result<T, IdentityError>, mistakes: &mut Mistakes) -> Option<T> {
        read.map_err(|error| mistakes.add(&self.origin, error.to_string(), "")).ok()
    }
}
