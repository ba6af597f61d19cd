use mesoform_identity::IdentityError;
use std::net::SocketAddr;
use std::path::PathBuf;
use thiserror::Error;

/// Why an HTTP API cannot be served.
#[derive(Debug, Error)]
pub enum HttpError {
    #[error(
        "{addr} cannot be listened on: {source}; `ss -ltnp 'sport = :{}'` shows who has the port",
        addr.port()
    )]
    Listen { addr: SocketAddr, source: std::io::Error },
    #[error("{addr} is to speak https, but there is no certificate; set `pki`, or `scheme: http`")]
    NoIdentity { addr: SocketAddr },
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error("{}: cannot be read: {source}", path.display())]
    CredentialsRead { path: PathBuf, source: std::io::Error },
    #[error("{}:{line}: {cause}; a line is `user:salt:hash`, salt and hash in hex", path.display())]
    CredentialsLine { path: PathBuf, line: usize, cause: &'static str },
    #[error("{}: others can read it (mode {mode:04o}); run: chmod 640 {}", path.display(), path.display())]
    CredentialsOpen { path: PathBuf, mode: u32 },
}
