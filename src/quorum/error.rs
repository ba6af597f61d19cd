use crate::levels::{LevelError, Levels};
use mesoform_identity::IdentityError;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why the quorum service could not start, or had to end.
#[derive(Debug, Error)]
pub enum QuorumError {
    #[error("slot {slot} is not among the voters; the settings must name this voter too")]
    NoSuchSlot { slot: u8 },
    #[error("{what}: {cause}")]
    Settings { what: &'static str, cause: String },
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error("{}: cannot be used: {cause}", path.display())]
    DataDir { path: PathBuf, cause: String },
    #[error(
        "{}: another process uses this data directory; stop it first (one voter per directory)",
        path.display()
    )]
    Locked { path: PathBuf },
    #[error(
        "{}: holds the data of the cluster `{found}`, not of `{wanted}`; give this voter a data directory of its own, or move the old one away",
        path.display()
    )]
    OtherCluster { path: PathBuf, found: String, wanted: String },
    #[error(
        "{}: is in format {found}, but this version of mesoform ({}) knows formats up to {known}; run the version that wrote it{}, or a later one",
        path.display(), env!("CARGO_PKG_VERSION"), named(version)
    )]
    NewerFormat { path: PathBuf, found: u32, known: u32, version: String },
    #[error(
        "{}: is in format {found}, but this version of mesoform ({}) knows no formats before {known}; first run a version in between on all voters, until it has raised the cluster's level",
        path.display(), env!("CARGO_PKG_VERSION")
    )]
    OlderFormat { path: PathBuf, found: u32, known: u32 },
    #[error(transparent)]
    Level(#[from] LevelError),
    #[error(
        "{}: is not empty and holds no quorum data; give this voter an empty directory",
        path.display()
    )]
    ForeignDir { path: PathBuf },
    #[error(
        "{}: is missing, so what this voter has promised is not known; bring it back, or move the whole directory away: this voter then joins again under a new id and is sent the data",
        path.display()
    )]
    MissingFile { path: PathBuf },
    #[error(
        "{}: belongs to the voter {found:x}, and this directory to {wanted:x}; bring the right file back, or move the whole directory away: this voter then joins again under a new id and is sent the data",
        path.display()
    )]
    OtherOwner { path: PathBuf, found: u64, wanted: u64 },
    #[error(
        "{}: the state ends with entry {applied}, but the log lacks the entries {first} to {last}: one of the two files is older, or damaged; bring the right one back, or move the whole directory away: this voter then joins again under a new id and is sent the data",
        path.display()
    )]
    Gap { path: PathBuf, applied: u64, first: u64, last: u64 },
    #[error(
        "{}: the database cannot be opened: {cause}; where the file is damaged, move the whole directory away: this voter then joins again under a new id and is sent the data",
        path.display()
    )]
    Database { path: PathBuf, cause: String },
    #[error("the backup cannot be used: {cause}")]
    Backup { cause: String },
    #[error(
        "{}: holds a voter's data; they were left alone (--overwrite puts them aside)",
        path.display()
    )]
    HasData { path: PathBuf },
    #[error("{}: no data wait there to begin from; run the whole command again", path.display())]
    NothingStaged { path: PathBuf },
    #[error(
        "{}: the data of a new quorum cannot be prepared there: {cause}; nothing was changed, so mend that and run the command again",
        path.display()
    )]
    Staging { path: PathBuf, cause: String },
    #[error(
        "{}: no quorum can begin from this: {cause}; nothing was changed; name another voter, or restore a backup",
        path.display()
    )]
    Salvage { path: PathBuf, cause: String },
    #[error("cannot listen on {address}: {cause}; is the port in use?")]
    Listen { address: SocketAddr, cause: String },
    #[error("Raft has stopped: {cause}; the service ends so that it can start afresh")]
    Raft { cause: String },
    #[error("the service on {address} has stopped: {cause}")]
    Serve { address: SocketAddr, cause: String },
}

impl QuorumError {
    /// What was found is in a format that is not among the known; a version (empty: nobody knows which) has
    /// written it.
    pub(crate) fn of_format(path: &Path, found: u32, version: &str, known: Levels) -> Self {
        let path = path.to_owned();
        match found > known.newest() {
            true => {
                let (known, version) = (known.newest(), version.to_owned());
                Self::NewerFormat { path, found, known, version }
            }
            false => Self::OlderFormat { path, found, known: known.oldest() },
        }
    }
}

fn named(version: &str) -> String {
    if version.is_empty() { String::new() } else { format!(" ({version})") }
}

pub type Result<T, E = QuorumError> = std::result::Result<T, E>;
