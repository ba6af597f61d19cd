//! The binary that goes to the hosts: found where releases and builds leave it.

use mesoform_transport::{Artifact as Binary, TransportError};
use object::read::elf::{ElfFile64, ProgramHeader};
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
    #[error(transparent)]
    Load(#[from] TransportError),
}

/// The Rust target of the static binary for `arch`.
pub fn target(arch: &str) -> String {
    format!("{arch}-unknown-linux-musl")
}

/// Finds the binary for hosts of `arch`. In this order: in `dist/` below the current folder, beside
/// this executable, this executable itself where it is static, and where cargo builds it.
///
/// # Errors
/// There is none; the error names the command that makes it.
pub async fn find(arch: &str) -> Result<Artifact, ArtifactError> {
    let looked = candidates(arch);
    for path in &looked {
        if inspect(path)?.as_deref() == Some(arch) {
            return Ok(Artifact { arch: arch.into(), binary: Binary::load(path).await? });
        }
    }
    Err(ArtifactError::Missing { arch: arch.into(), target: target(arch), looked })
}

fn candidates(arch: &str) -> Vec<PathBuf> {
    let name = format!("mesoform-{}-{}", env!("CARGO_PKG_VERSION"), target(arch));
    let mut paths = vec![Path::new("dist").join(&name)];
    let Ok(own) = std::env::current_exe() else { return paths };
    if let Some(folder) = own.parent() {
        paths.push(folder.join(&name));
    }
    // target/<profile>/mesoform or target/<triple>/<profile>/mesoform
    let builds = own.ancestors().skip(2).take(2);
    let built =
        builds.map(|dir| dir.join(target(arch)).join("release/mesoform")).collect::<Vec<_>>();
    paths.push(own.clone());
    paths.extend(built.into_iter().filter(|p| *p != own));
    paths
}

/// The architecture of a binary; `None` where there is none, or none that runs on a bare host.
///
/// # Errors
/// The file is there and cannot be read.
fn inspect(path: &Path) -> Result<Option<String>, ArtifactError> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(static_arch(&bytes).map(str::to_owned)),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(ArtifactError::Read { path: path.to_owned(), source }),
    }
}

/// The architecture of a static ELF executable: one that asks for no interpreter.
fn static_arch(bytes: &[u8]) -> Option<&'static str> {
    let elf = ElfFile64::<object::Endianness>::parse(bytes).ok()?;
    let endian = elf.endian();
    let dynamic = elf
        .elf_program_headers()
        .iter()
        .any(|header| header.p_type(endian) == object::elf::PT_INTERP);
    if dynamic {
        return None;
    }
    match elf.elf_header().e_machine.get(endian) {
        object::elf::EM_X86_64 => Some("x86_64"),
        object::elf::EM_AARCH64 => Some("aarch64"),
        _ => None,
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
