//! Proving who we are: private keys, an agent, a password.

mod agent;
mod keys;
mod login;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::secret::Secret;

pub(crate) use keys::{Keys, trouble};
pub(crate) use login::log_in;

/// Gives the passphrase of an encrypted private key, where somebody can be asked.
pub type Passphrase = Arc<dyn Fn(&Path) -> Option<Secret> + Send + Sync>;

/// What the operator has to prove who he is, on all hosts alike; what differs between hosts is in
/// [`crate::Target`].
#[derive(Clone, Default)]
pub struct Auth {
    /// The socket of an agent.
    pub agent: Option<PathBuf>,
    /// Asked once per encrypted key and connection, before the host is contacted, on a thread that may
    /// wait for an answer.
    pub passphrase: Option<Passphrase>,
}

impl Auth {
    /// The agent that the environment names (`SSH_AUTH_SOCK`); nobody is asked for a passphrase.
    pub fn from_environment() -> Self {
        let agent = std::env::var_os("SSH_AUTH_SOCK").filter(|socket| !socket.is_empty());
        Self { agent: agent.map(PathBuf::from), passphrase: None }
    }
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Auth")
            .field("agent", &self.agent)
            .field("passphrase", &self.passphrase.is_some())
            .finish()
    }
}
