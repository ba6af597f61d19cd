use super::{About, BLOCK, DIGEST, MAGIC, MAX_ABOUT};
use crate::error::{QuorumError, Result};
use crate::levels::NEWEST;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};

/// The cure for a file that was a backup once.
const OTHER: &str = "take another copy of it, or an older backup";

fn unusable(cause: impl ToString) -> QuorumError {
    QuorumError::Backup { cause: cause.to_string() }
}

/// Reads a whole backup and compares it with its checksum: what it says of itself.
///
/// # Errors
/// It is none, it is damaged or cut, in a newer format, or cannot be read.
pub fn check(file: &mut File) -> Result<About> {
    let length = file.seek(SeekFrom::End(0)).map_err(unusable)?;
    if length < BLOCK || length % BLOCK != DIGEST {
        let about = about(file)?;
        return Err(unusable(format!(
            "it is a backup of `{}` at revision {}, but not all of it is here; {OTHER}",
            about.cluster, about.revision
        )));
    }
    let about = about(file)?;
    file.rewind().map_err(unusable)?;
    let found = digest(file, length - DIGEST).map_err(unusable)?;
    let mut stored = [0; DIGEST as usize];
    file.seek(SeekFrom::Start(length - DIGEST)).map_err(unusable)?;
    file.read_exact(&mut stored).map_err(unusable)?;
    if found != stored {
        let words = format!("its checksum is wrong: it was damaged after it was made; {OTHER}");
        return Err(unusable(words));
    }
    Ok(about)
}

/// Checks a backup, and leaves the file where its records begin.
///
/// # Errors
/// As [`check`].
pub fn open(file: &mut File) -> Result<About> {
    check(file)?;
    about(file)
}

/// What it says of itself; the file is then where the records begin.
fn about(file: &mut File) -> Result<About> {
    file.rewind().map_err(unusable)?;
    let mut magic = vec![0; MAGIC.len()];
    let read = file.read_exact(&mut magic);
    if read.is_err() || magic != MAGIC {
        return Err(unusable(
            "it is no backup of a quorum of mesoform; name a file that `mesoform backup` has written",
        ));
    }
    let mut line = Vec::new();
    let mut head = BufReader::with_capacity(1, (&mut *file).take(MAX_ABOUT));
    head.read_until(b'\n', &mut line).map_err(unusable)?;
    #[derive(serde::Deserialize)]
    struct Format {
        format: u32,
        #[serde(default)]
        version: String,
    }
    let damaged =
        |e: serde_json::Error| unusable(format!("its first lines are damaged: {e}; {OTHER}"));
    let Format { format: found, version } = serde_json::from_slice(&line).map_err(damaged)?;
    if found > NEWEST {
        return Err(unusable(format!(
            "it is in format {found}, but this version of mesoform ({}) knows formats up to {NEWEST}; \
             use the version that made it ({version}), or a later one",
            env!("CARGO_PKG_VERSION")
        )));
    }
    serde_json::from_slice(&line).map_err(damaged)
}

fn digest(file: &mut File, mut length: u64) -> io::Result<[u8; DIGEST as usize]> {
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; 1 << 18]);
    while length > 0 {
        let part = usize::try_from(length).unwrap_or(usize::MAX).min(buffer.len());
        file.read_exact(&mut buffer[..part])?;
        hash.update(&buffer[..part]);
        length -= part as u64;
    }
    Ok(hash.finalize().into())
}
