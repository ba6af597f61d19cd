//! Becoming root on a host with sudo.
//!
//! A password goes through standard input, never over a command line. Whether sudo will read it is
//! not known beforehand (NOPASSWD, a cached ticket), so a marker line follows it, and the part that
//! runs as root first reads up to the marker: the command's own input starts right after it, whoever
//! has read the password.

use crate::TransportError;
use crate::channel::Exit;
use crate::secret::Secret;

/// How commands become root.
#[derive(Debug, Clone, Default)]
pub struct Elevate {
    /// Without one, sudo must not ask.
    pub password: Option<Secret>,
    /// What is called in place of `sudo` (`ansible_become_exe`).
    pub exe: Option<String>,
}

/// Who runs a command by way of sudo, for messages.
#[derive(Debug, Clone)]
pub(crate) struct Elevation {
    pub user: String,
    pub with_password: bool,
}

/// A command line that becomes root first, and what must be written to it before anything else.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Elevated {
    pub command: String,
    pub preamble: String,
}

const READ_TO_MARKER: &str =
    "line=; until [ \"$line\" = \"$1\" ]; do IFS= read -r line || exit 76; done; exec sh -c \"$2\"";

/// Wraps a command. `marker` is a line that no password equals.
pub(crate) fn wrap(command: &str, elevate: &Elevate, marker: &str) -> Elevated {
    let quoted = quote(command);
    let sudo = elevate.exe.as_deref().map_or_else(|| "sudo".to_owned(), quote);
    match &elevate.password {
        None => Elevated {
            command: format!("env LC_ALL=C {sudo} -n -H -- sh -c {quoted}"),
            preamble: String::new(),
        },
        Some(password) => Elevated {
            command: format!(
                "env LC_ALL=C {sudo} -S -p {} -H -- sh -c {} mesoform {marker} {quoted}",
                quote(""),
                quote(READ_TO_MARKER),
            ),
            preamble: format!("{}\n{marker}\n", password.reveal()),
        },
    }
}

/// For a POSIX shell (and fish): nothing inside is looked at.
pub(crate) fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\"'\"'"))
}

/// Whether an exit was sudo's own, judged by its English words (`LC_ALL=C`).
pub(crate) fn complaint(
    host: &str,
    elevation: &Elevation,
    exit: &Exit,
    stderr: &str,
) -> Option<TransportError> {
    let (host, user) = (host.to_owned(), elevation.user.clone());
    match exit {
        Exit::Code(127) if stderr.contains("sudo") => {
            Some(TransportError::SudoMissing { host, user })
        }
        Exit::Code(1) => {
            let line = stderr.lines().rfind(|line| is_refusal(line))?;
            if line.contains("password is required") && !elevation.with_password {
                return Some(TransportError::SudoPassword { host, user });
            }
            Some(TransportError::SudoRefused { host, user, cause: line.trim().to_owned() })
        }
        _ => None,
    }
}

fn is_refusal(line: &str) -> bool {
    [
        "password is required",
        "incorrect password attempt",
        "no password was provided",
        "not in the sudoers file",
        "is not allowed to",
        "may not run sudo",
        "you must have a tty",
    ]
    .iter()
    .any(|words| line.contains(words))
}

#[cfg(test)]
mod tests;
