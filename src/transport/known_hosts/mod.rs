//! known_hosts as OpenSSH treats it (hostfile.c, match.c, sshd(8) "SSH_KNOWN_HOSTS FILE FORMAT"):
//! hashed, wildcard and negated names, `[host]:port`, `@cert-authority`, `@revoked`.

mod append;
mod check;
mod entry;
mod pattern;

use std::path::PathBuf;

pub(crate) use append::append;
pub(crate) use check::fingerprint;
pub use check::{KnownHosts, Verdict};
pub use entry::{Entry, Marker};

/// The files' names for a message.
pub(crate) fn list(files: &[PathBuf]) -> String {
    if files.is_empty() {
        return "no known_hosts file".to_owned();
    }
    files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
