use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;

use crate::{Result, TransportError};

/// Pieces are compressed in parallel, each to a gzip member of its own; gunzip joins them.
const MEMBER: usize = 4 * 1024 * 1024;
/// A binary for a host is far smaller (30 MB are aimed at).
const LARGEST: u64 = 1 << 30;

/// A binary to carry to hosts. Clones share its compressed form, which is made once.
#[derive(Debug, Clone)]
pub struct Artifact {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    sha256: String,
    size: u64,
    compressed: OnceCell<Arc<Vec<u8>>>,
}

impl Artifact {
    /// Reads and hashes a binary; its compressed form is made when it is first needed.
    ///
    /// # Errors
    /// The file cannot be read, or is larger than 1 GiB.
    pub async fn load(path: &Path) -> Result<Self> {
        let path = path.to_path_buf();
        blocking(path.clone(), move || {
            let content = read(&path)?;
            let (sha256, size) = (hex::encode(Sha256::digest(&content)), content.len() as u64);
            Ok(Self { inner: Arc::new(Inner { path, sha256, size, compressed: OnceCell::new() }) })
        })
        .await
    }

    /// Hexadecimal.
    pub fn sha256(&self) -> &str {
        &self.inner.sha256
    }

    /// The version's name: the first 16 digits of its hash.
    pub fn version(&self) -> &str {
        &self.inner.sha256[..16]
    }

    /// Bytes, uncompressed.
    pub fn size(&self) -> u64 {
        self.inner.size
    }

    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// Makes the compressed form now, so that no host waits for it later.
    pub async fn prepare(&self) -> Result<()> {
        self.compressed().await.map(drop)
    }

    /// The gzip form: from the file beside the binary that an earlier run left, else made now.
    pub(crate) async fn compressed(&self) -> Result<Arc<Vec<u8>>> {
        let inner = self.inner.clone();
        let make = || {
            blocking(inner.path.clone(), move || {
                let beside = beside(&inner.path, &inner.sha256);
                if let Ok(kept) = std::fs::read(&beside) {
                    return Ok(Arc::new(kept));
                }
                let content = read(&inner.path)?;
                if hex::encode(Sha256::digest(&content)) != inner.sha256 {
                    return Err("it changed while this run was going on".to_owned());
                }
                let gz = compress(&content).map_err(|error| error.to_string())?;
                keep(&inner.path, &beside, &gz);
                Ok(Arc::new(gz))
            })
        };
        self.inner.compressed.get_or_try_init(make).await.cloned()
    }
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    let mut content = Vec::new();
    let taken = file.take(LARGEST + 1).read_to_end(&mut content);
    taken.map_err(|error| error.to_string())?;
    if content.len() as u64 > LARGEST {
        return Err(format!("it is larger than {LARGEST} bytes"));
    }
    Ok(content)
}

fn compress(content: &[u8]) -> std::io::Result<Vec<u8>> {
    let parts: Vec<std::io::Result<Vec<u8>>> = std::thread::scope(|scope| {
        let members: Vec<_> =
            content.chunks(MEMBER).map(|piece| scope.spawn(move || member(piece))).collect();
        members
            .into_iter()
            .map(|member| member.join().unwrap_or_else(|_| Err(std::io::ErrorKind::Other.into())))
            .collect()
    });
    parts.into_iter().try_fold(Vec::new(), |mut whole, part| {
        whole.extend(part?);
        Ok(whole)
    })
}

fn member(piece: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(piece.len() / 2), Compression::new(6));
    encoder.write_all(piece)?;
    encoder.finish()
}

/// The hash is in the name, so that a rebuilt binary never meets an older one's compressed form.
fn beside(path: &Path, sha256: &str) -> PathBuf {
    path.with_extension(format!("{}.gz", &sha256[..16]))
}

/// Keeping it is a convenience: where the folder cannot be written, the next run makes it again.
fn keep(path: &Path, beside: &Path, gz: &[u8]) {
    let temporary = beside.with_extension(format!("gz.{}", std::process::id()));
    let kept = std::fs::write(&temporary, gz).and_then(|()| std::fs::rename(&temporary, beside));
    if let Err(error) = kept {
        tracing::debug!(path = %beside.display(), %error, "the compressed binary is not kept");
        let _ = std::fs::remove_file(&temporary);
        return;
    }
    drop_others(path, beside);
}

/// Those of earlier builds.
fn drop_others(path: &Path, beside: &Path) {
    let Some((folder, stem)) = path.parent().zip(path.file_stem()) else { return };
    let stem = format!("{}.", stem.to_string_lossy());
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_ours = name.strip_prefix(&stem).and_then(|rest| rest.strip_suffix(".gz"));
        let is_hash = is_ours.is_some_and(|hash| hash.len() == 16 && hex::decode(hash).is_ok());
        if is_hash && entry.path() != beside {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

async fn blocking<T: Send + 'static>(
    path: PathBuf,
    work: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T> {
    let failed = |cause: String| TransportError::Artifact { path, cause };
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done.map_err(failed),
        Err(error) => Err(failed(error.to_string())),
    }
}
