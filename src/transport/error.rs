use std::path::PathBuf;

use thiserror::Error;

use crate::place::Place;

/// Why a host could not be reached, or what went wrong on a connection to it.
///
/// Every variant says the host, the cause and the cure; [`TransportError::exit_code`] says what the
/// command line should answer.
#[derive(Debug, Error)]
pub enum TransportError {
    #[error("{host}: does not answer at {address}: {cause}; {cure}")]
    Unreachable { host: String, address: String, cause: String, cure: &'static str },
    #[error(
        "{host}: the connection was lost while {during}: {cause}; run the command again, it resumes"
    )]
    Lost { host: String, during: &'static str, cause: String },
    #[error(
        "{host}: its {} host key {} is not known ({} is in none of {files}); compare the fingerprint with the host's \
         own, then add it with `{scan}`, or have new keys recorded with mesoform_host_key_checking=accept-new",
        shown.kind, shown.fingerprint, shown.lookup
    )]
    HostKeyUnknown { host: String, shown: Box<ShownKey>, files: String, scan: String },
    #[error(
        "{host}: HOST KEY CHANGED: {} has {} {} for {lookup}, but the host shows {} {}. Either it was installed anew \
         or someone is listening in. Nothing was sent. If the new key is right: `ssh-keygen -R {lookup:?} -f {}`",
        old.at, old.kind, old.fingerprint, shown.kind, shown.fingerprint, old.at.file.display(),
        lookup = shown.lookup
    )]
    HostKeyChanged { host: String, shown: Box<ShownKey>, old: Box<OldKey> },
    #[error(
        "{host}: its host key {fingerprint} is revoked at {at}; give the host a new key (`ssh-keygen -A` after removing the old one) and record that"
    )]
    HostKeyRevoked { host: String, at: Place, fingerprint: String },
    #[error(
        "{host}: its host certificate cannot be trusted: {cause}; have the authority sign the host's key again, for the name {lookup}"
    )]
    HostCertificate { host: String, lookup: String, cause: String },
    #[error("the new host key of {host} could not be recorded in {}: {cause}; make the file writable, or record the key by hand", path.display())]
    KnownHostsWrite { host: String, path: PathBuf, cause: String },
    #[error("{host}: the private key {} cannot be used: {cause}; correct ansible_ssh_private_key_file, or the file's owner and mode (0600)", path.display())]
    KeyUnusable { host: String, path: PathBuf, cause: String },
    #[error("{host}: the private key {} is encrypted; load it into an agent first: `ssh-add {}`", path.display(), path.display())]
    KeyEncrypted { host: String, path: PathBuf },
    #[error(
        "{host}: user {user} was not let in; tried {tried}; the host accepts {accepted}; put the public key into \
         ~{user}/.ssh/authorized_keys, or name the right one with ansible_user and ansible_ssh_private_key_file"
    )]
    Authentication { host: String, user: String, tried: String, accepted: String },
    #[error(
        "{host}: user {user} needs a sudo password; set ansible_become_password for the host, or allow {user} NOPASSWD in sudoers"
    )]
    SudoPassword { host: String, user: String },
    #[error(
        "{host}: sudo refused user {user}: {cause}; correct ansible_become_password, or the host's sudoers"
    )]
    SudoRefused { host: String, user: String, cause: String },
    #[error(
        "{host}: sudo is not installed, and {user} is not root; install sudo on the host, or connect as root (ansible_user=root)"
    )]
    SudoMissing { host: String, user: String },
    #[error(
        "{host}: sudo has not answered for {seconds} s; the host may be unable to resolve its own name (see \
         `time sudo -n true` there): add it to its /etc/hosts"
    )]
    SudoSilent { host: String, seconds: u64 },
    #[error(
        "{host}: OpenSSH's configuration cannot be read with `{command}`: {cause}; correct ~/.ssh/config"
    )]
    SshConfig { host: String, command: String, cause: String },
    #[error("{host}: the host refuses to run commands: {cause}; a shell account is needed")]
    Refused { host: String, cause: String },
    #[error(
        "{host}: `{command}` did not end within {seconds} s; look at the host's load and try again"
    )]
    Slow { host: String, command: String, seconds: u64 },
    #[error("{host}: `{command}` wrote more than {limit} bytes")]
    OutputTooLong { host: String, command: String, limit: usize },
    #[error("{host}: no shell can be started here: {cause}")]
    Local { host: String, cause: String },
    #[error("{}: the binary to carry cannot be read: {cause}; build it again", path.display())]
    Artifact { path: PathBuf, cause: String },
    #[error(
        "{host}: the disk is full: the binary needs {needed} bytes in {place}, {free} are free; make room there (see: df -h, df -i) and run again"
    )]
    DiskFull { host: String, place: String, needed: u64, free: String },
    #[error("{host}: the binary could not be put into {place}: {cause}")]
    Carry { host: String, place: String, cause: String },
    #[error(
        "{host}: the binary {sha256} is not in {place}, and none was sent with the session; run `mesoform up` first"
    )]
    BinaryMissing { host: String, place: String, sha256: String },
}

/// The key that a host shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownKey {
    /// What known_hosts calls the host.
    pub lookup: String,
    /// As `ssh-ed25519`.
    pub kind: String,
    /// `SHA256:…`.
    pub fingerprint: String,
}

/// The key that known_hosts has in place of the shown one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OldKey {
    pub at: Place,
    pub kind: String,
    pub fingerprint: String,
}

impl TransportError {
    /// Ansible's exit code: 4 where the host was not reached (or not let us in, or was not the one it
    /// should be), 1 for a mistake of ours that no host has seen, 2 where the host failed.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Unreachable { .. }
            | Self::Lost { .. }
            | Self::HostKeyUnknown { .. }
            | Self::HostKeyChanged { .. }
            | Self::HostKeyRevoked { .. }
            | Self::HostCertificate { .. }
            | Self::Authentication { .. } => 4,
            Self::KnownHostsWrite { .. }
            | Self::KeyUnusable { .. }
            | Self::KeyEncrypted { .. }
            | Self::SshConfig { .. }
            | Self::Artifact { .. } => 1,
            _ => 2,
        }
    }

    /// Whether nothing at all answered, so that trying again later may help.
    pub fn is_unreachable(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Lost { .. })
    }
}
