//! A voter that does not run gets the data with which a quorum begins again.

use crate::exit::Exit;
use crate::render;
use anyhow::Context as _;
use mesoform_quorum::{Seeded, put_aside, restore, salvage};
use mesoform_settings::QuorumSettings;
use serde_json::json;
use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// From the backup on standard input.
pub fn from_backup(settings: &QuorumSettings) -> anyhow::Result<Exit> {
    let (mut file, _path) = scratch(&settings.data_dir)?;
    let mut input = std::io::stdin().lock();
    std::io::copy(&mut input.by_ref(), &mut file).context("the backup cannot be stored")?;
    told(&restore(settings, &mut file)?)
}

/// From what the voter itself has; that is put aside.
pub fn from_own_data(settings: &QuorumSettings) -> anyhow::Result<Exit> {
    let (mut file, _path) = scratch(&settings.data_dir)?;
    salvage(settings, &mut file)?;
    put_aside(settings)?;
    told(&restore(settings, &mut file)?)
}

fn told(seeded: &Seeded) -> anyhow::Result<Exit> {
    render::json_line(&json!({
        "cluster_id": seeded.cluster_id, "node_id": seeded.node_id, "revision": seeded.revision,
    }));
    Ok(Exit::Fine)
}

/// A file on the disk of the data that is gone when this is over.
fn scratch(data_dir: &Path) -> anyhow::Result<(File, Gone)> {
    let path = data_dir.join(format!(".backup-{}", std::process::id()));
    let opened = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&path);
    let file = opened.with_context(|| format!("{} cannot be made", path.display()))?;
    Ok((file, Gone(path)))
}

struct Gone(PathBuf);

impl Drop for Gone {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
