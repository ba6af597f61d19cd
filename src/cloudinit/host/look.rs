use super::{Kind, Look, Seen};
use crate::{CloudInitError, Result};
use mesoform_apply::{Call, Commands, Run as _};
use std::fs::{self, Metadata};
use std::io::{self, Read as _};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// Larger files are none that a document is about.
const LARGEST: u64 = 64 * 1024 * 1024;

const FOLDERS: [&str; 6] =
    ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/// This machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealLook;

impl Look for RealLook {
    fn entry(&self, path: &Path) -> Result<Option<Seen>> {
        match fs::symlink_metadata(path) {
            Ok(found) => Ok(Some(seen(path, &found)?)),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(CloudInitError::io("looking", path)(error)),
        }
    }

    fn bytes(&self, path: &Path) -> Result<Option<Vec<u8>>> {
        // What is no regular file may never end.
        if !fs::metadata(path).is_ok_and(|found| found.is_file()) {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        let file = fs::File::open(path).map_err(CloudInitError::io("reading", path))?;
        let read = file.take(LARGEST + 1).read_to_end(&mut bytes);
        let read = read.map_err(CloudInitError::io("reading", path))?;
        if read as u64 > LARGEST {
            let error = io::Error::other("it is larger than 64 MiB");
            return Err(CloudInitError::io("reading", path)(error));
        }
        Ok(Some(bytes))
    }

    fn which(&self, program: &str) -> Option<PathBuf> {
        let runs = |path: &PathBuf| {
            fs::metadata(path).is_ok_and(|f| f.is_file() && f.permissions().mode() & 0o111 != 0)
        };
        if program.contains('/') {
            return Some(PathBuf::from(program)).filter(runs);
        }
        FOLDERS.iter().map(|folder| Path::new(folder).join(program)).find(runs)
    }

    fn asked(&self, program: &str, args: &[&str]) -> Option<String> {
        let done = Commands.run(&Call::new(program, args)).ok()?;
        (done.code == Some(0)).then_some(done.stdout)
    }

    fn real(&self, path: &Path) -> Option<PathBuf> {
        fs::canonicalize(path).ok()
    }

    fn free(&self, path: &Path) -> Option<u64> {
        let there = path.ancestors().find(|folder| folder.exists())?;
        let found = nix::sys::statvfs::statvfs(there).ok()?;
        #[allow(clippy::useless_conversion, reason = "the types differ between C libraries")]
        Some(u64::from(found.blocks_free()).saturating_mul(u64::from(found.fragment_size())))
    }
}

fn seen(path: &Path, found: &Metadata) -> Result<Seen> {
    let kind = match found.file_type() {
        kind if kind.is_file() => Kind::File,
        kind if kind.is_dir() => Kind::Folder,
        kind if kind.is_symlink() => {
            Kind::Link(fs::read_link(path).map_err(CloudInitError::io("reading", path))?)
        }
        kind if kind.is_block_device() => Kind::Device,
        _ => Kind::Other,
    };
    Ok(Seen { kind, uid: found.uid(), gid: found.gid(), mode: found.mode() & 0o7777 })
}

fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}
