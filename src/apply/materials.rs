use crate::{ApplyError, Result};
use mesoform_plan::{SecretText, sha256_hex};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A key that was made on this host, and its certificate.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Pair {
    pub key_pem: SecretText,
    pub chain_pem: String,
}

/// What a plan needs beside itself, and what is nowhere on disk once the run has ended.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Materials {
    /// Contents of credentials by name.
    pub secrets: BTreeMap<String, SecretText>,
    /// By step.
    pub pairs: BTreeMap<usize, Pair>,
}

impl Materials {
    /// The content of a credential, after a look at its hash.
    pub(crate) fn secret(&self, name: &str, sha256: &str) -> Result<&str> {
        let Some(secret) = self.secrets.get(name) else {
            return Err(ApplyError::NoSecret { name: name.to_owned() });
        };
        if sha256_hex(secret.reveal()) != sha256 {
            return Err(ApplyError::WrongSecret { name: name.to_owned() });
        }
        Ok(secret.reveal())
    }

    pub(crate) fn pair(&self, step: usize) -> Result<&Pair> {
        self.pairs.get(&step).ok_or(ApplyError::NoChain { step })
    }
}
