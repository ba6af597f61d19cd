use crate::{ApplyError, Result};
use mesoform_plan::place;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Where mesoform keeps what it knows about its own work on a host. Only root writes there.
#[derive(Debug, Clone)]
pub struct State {
    root: PathBuf,
}

impl State {
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// `/var/lib/mesoform`, or that below the root of a test.
    pub fn folder(&self) -> PathBuf {
        self.at(place::STATE)
    }

    pub fn lock(&self) -> PathBuf {
        self.at(place::LOCK)
    }

    pub fn runs(&self) -> PathBuf {
        self.at(place::RUNS)
    }

    pub fn last(&self) -> PathBuf {
        self.at(place::RUNS_LAST)
    }

    /// Makes the folders that a run needs before any plan can.
    pub fn prepare(&self) -> Result<()> {
        make_folder(&self.folder(), 0o755)?;
        make_folder(&self.runs(), 0o700)?;
        make_folder(&self.at(place::UNITS), 0o755)
    }

    /// A path of the host as this process reaches it.
    pub fn at_root(&self, path: &Path) -> PathBuf {
        self.root.join(path.strip_prefix("/").unwrap_or(path))
    }

    fn at(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }
}

/// Makes a folder and its parents; one that is there keeps its mode. A new one has `mode`, whatever the umask.
pub fn make_folder(path: &Path, mode: u32) -> Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let made = fs::DirBuilder::new().recursive(true).mode(mode).create(path);
    made.and_then(|()| fs::set_permissions(path, Permissions::from_mode(mode)))
        .map_err(ApplyError::io("make", path))
}

/// Replaces a file of ours at once, and has it on disk before it returns.
pub fn write_file(path: &Path, text: &str, mode: u32) -> Result<()> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(".new");
    let draft = PathBuf::from(draft);
    let folder = path.parent().unwrap_or(Path::new("/"));
    write_draft(&draft, text, mode)
        .and_then(|()| fs::rename(&draft, path))
        .inspect_err(|_| drop(fs::remove_file(&draft)))
        .and_then(|()| File::open(folder)?.sync_all())
        .map_err(ApplyError::io("write", path))
}

fn write_draft(draft: &Path, text: &str, mode: u32) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(mode).open(draft)?;
    file.set_permissions(Permissions::from_mode(mode))?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
