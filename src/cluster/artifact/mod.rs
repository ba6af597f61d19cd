//! The binary that goes to the hosts: found where releases and builds leave it.

mod checkout;
mod elf;
mod progress;

use crate::{Observer, Progress};
use checkout::Checkout;
use mesoform_transport::{Artifact as Binary, TransportError};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// A static binary for one architecture.
#[derive(Debug, Clone)]
pub struct Artifact {
    /// As `uname -m` says it.
    pub arch: String,
    pub binary: Binary,
}

#[derive(Debug, Error)]
pub enum ArtifactError {
    #[error(
        "there is no static mesoform binary for {arch} hosts; make it with \
         `rustup target add {target} && cargo build --release --target {target}` in mesoform's checkout \
         (looked at: {})", looked.iter().map(|p| p.display().to_string()).collect::<Vec<_>>().join(", ")
    )]
    Missing { arch: String, target: String, looked: Vec<PathBuf> },
    #[error("{}: cannot be read: {source}", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error(
        "the static binary for {arch} hosts could not be built; what is wrong shows, and may be cured by, \
         `cd {} && rustup target add {} && {command}`; it said:\n{cause}", root.display(), target(arch)
    )]
    Build { arch: String, command: String, root: PathBuf, cause: String },
    #[error(transparent)]
    Load(#[from] TransportError),
}

/// What is told while cargo builds one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Building {
    /// Something that whoever waits must know.
    Stays(String),
    /// What is being done now.
    Goes(String),
}

/// The Rust target of the static binary for `arch`.
pub fn target(arch: &str) -> String {
    format!("{arch}-unknown-linux-musl")
}

/// The name of its release.
pub fn name(arch: &str) -> String {
    format!("mesoform-{}-{}", env!("CARGO_PKG_VERSION"), target(arch))
}

/// The binary for hosts of `arch`, as [`find`] finds it; `observer` is told while one is built.
///
/// # Errors
/// As [`find`].
pub async fn find_told(arch: &str, observer: &dyn Observer) -> Result<Artifact, ArtifactError> {
    let tell = |building: Building| {
        observer.on(match building {
            Building::Stays(message) => Progress::Notice { message },
            Building::Goes(text) => Progress::Host { host: "cargo".into(), text },
        });
    };
    find(arch, &tell).await
}

/// Finds the binary for hosts of `arch`: beside this executable, this executable itself where it is
/// static, or, where it was built in a checkout, in `dist/` there, or built by cargo now. `building`
/// is told when that happens, since it may take minutes.
///
/// Where `MESOFORM_DIST` names a folder, only that one is looked at.
///
/// The folder that one happens to stand in does not count: what is found becomes root on the hosts.
///
/// # Errors
/// There is none, and none can be built; the error names the command that makes it.
async fn find(arch: &str, building: &(dyn Fn(Building) + Sync)) -> Result<Artifact, ArtifactError> {
    let name = name(arch);
    if let Some(dist) = std::env::var_os("MESOFORM_DIST") {
        return first(arch, vec![Path::new(&dist).join(&name)]).await;
    }
    let own = std::env::current_exe().ok();
    let checkout = own.as_deref().and_then(Checkout::of);
    let beside = own.as_deref().and_then(Path::parent).map(|folder| folder.join(&name));
    let released = checkout.as_ref().map(|checkout| checkout.root.join("dist").join(&name));
    let looked: Vec<PathBuf> = [beside, released, own].into_iter().flatten().collect();
    match (first(arch, looked).await, checkout) {
        (Err(ArtifactError::Missing { .. }), Some(checkout)) => {
            load(arch, &checkout.build(arch, building).await?).await
        }
        (found, _) => found,
    }
}

async fn first(arch: &str, looked: Vec<PathBuf>) -> Result<Artifact, ArtifactError> {
    for path in &looked {
        if inspect(path)?.as_deref() == Some(arch) {
            return load(arch, path).await;
        }
    }
    Err(ArtifactError::Missing { arch: arch.into(), target: target(arch), looked })
}

async fn load(arch: &str, path: &Path) -> Result<Artifact, ArtifactError> {
    Ok(Artifact { arch: arch.into(), binary: Binary::load(path).await? })
}

/// The architecture of a binary; `None` where there is none, or none that runs on a bare host.
///
/// # Errors
/// The file is there and cannot be read.
fn inspect(path: &Path) -> Result<Option<String>, ArtifactError> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(elf::static_arch(&bytes).map(str::to_owned)),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(ArtifactError::Read { path: path.to_owned(), source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_static_executable_is_passed_over() {
        let dir = tempfile::tempdir().unwrap();
        let text = dir.path().join("text");
        std::fs::write(&text, "#!/bin/sh\n").unwrap();
        assert_eq!(inspect(&text).unwrap(), None);
        assert_eq!(inspect(&dir.path().join("missing")).unwrap(), None);
        // The test itself is linked dynamically.
        assert_eq!(inspect(&std::env::current_exe().unwrap()).unwrap(), None);
    }
}
