use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use russh::keys::{Certificate, Error as KeyError, PrivateKey, PublicKey};

use super::Passphrase;
use crate::target::Target;
use crate::{Result, TransportError};

/// A private key file of the operator's.
pub(super) enum Key {
    Open {
        path: PathBuf,
        key: Arc<PrivateKey>,
        certificate: Option<Box<Certificate>>,
    },
    /// It is encrypted and nobody gave the passphrase; an agent may hold it.
    Locked {
        path: PathBuf,
        public: Option<PublicKey>,
    },
}

/// The private keys for one host.
#[derive(Default)]
pub(crate) struct Keys {
    /// Those that were asked for.
    pub(super) asked: Vec<Key>,
    /// Those that are tried where they exist.
    pub(super) default: Vec<Key>,
}

impl Keys {
    /// Reads the keys, before anything is sent to the host. Each that was asked for must be usable;
    /// what is wrong with another is only logged.
    pub async fn load(target: &Target, ask: Option<&Passphrase>) -> Result<Self> {
        let (target, ask) = (target.clone(), ask.cloned());
        let loading = tokio::task::spawn_blocking(move || {
            let asked = target.keys.iter().map(|path| {
                load(path, ask.as_ref()).map_err(|problem| unusable(&target.name, path, &problem))
            });
            let asked = asked.collect::<Result<_>>()?;
            Ok(Self { asked, default: by_default(&target, ask.as_ref()) })
        });
        // Only a panicking prompt gets here; then there are no keys.
        loading.await.unwrap_or_else(|_| Ok(Self::default()))
    }
}

/// What is wrong with a key file, without using it.
pub(crate) fn trouble(host: &str, path: &Path) -> Option<TransportError> {
    load(path, None).err().map(|problem| unusable(host, path, &problem))
}

fn unusable(host: &str, path: &Path, problem: &Problem) -> TransportError {
    TransportError::KeyUnusable {
        host: host.to_owned(),
        path: path.to_path_buf(),
        cause: problem.to_string(),
    }
}

fn by_default(target: &Target, ask: Option<&Passphrase>) -> Vec<Key> {
    let mut keys = Vec::new();
    for path in target.default_keys.iter().filter(|path| !target.keys.contains(path)) {
        match load(path, ask) {
            Ok(key) => keys.push(key),
            Err(Problem::Io(error)) if error.kind() == ErrorKind::NotFound => {}
            Err(cause) => tracing::debug!(key = %path.display(), %cause, "key skipped"),
        }
    }
    keys
}

#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error("{}", words(.0))]
    Io(std::io::Error),
    #[error("it is no private key that can be read: {0}")]
    Format(KeyError),
    #[error("the passphrase is wrong")]
    Passphrase,
}

fn words(error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "there is no such file".to_owned(),
        ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}

fn load(path: &Path, ask: Option<&Passphrase>) -> Result<Key, Problem> {
    let text = std::fs::read_to_string(path).map_err(Problem::Io)?;
    let certificate = certificate_beside(path).map(Box::new);
    let open = |key| Key::Open { path: path.to_path_buf(), key: Arc::new(key), certificate };
    match russh::keys::decode_secret_key(&text, None) {
        Ok(key) if !key.is_encrypted() => Ok(open(key)),
        Ok(_) | Err(KeyError::KeyIsEncrypted) => match ask.and_then(|ask| ask(path)) {
            Some(passphrase) => russh::keys::decode_secret_key(&text, Some(passphrase.reveal()))
                .map(open)
                .map_err(|_| Problem::Passphrase),
            None => Ok(Key::Locked { path: path.to_path_buf(), public: public_part(path, &text) }),
        },
        Err(error) => Err(Problem::Format(error)),
    }
}

/// OpenSSH's format keeps the public part readable; other formats have it in the file beside.
fn public_part(path: &Path, text: &str) -> Option<PublicKey> {
    let inside = PrivateKey::from_openssh(text).ok().map(|key| key.public_key().clone());
    inside.or_else(|| russh::keys::load_public_key(with_suffix(path, ".pub")).ok())
}

fn certificate_beside(path: &Path) -> Option<Certificate> {
    russh::keys::load_openssh_certificate(with_suffix(path, "-cert.pub")).ok()
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
