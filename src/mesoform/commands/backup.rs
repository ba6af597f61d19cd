use super::run::{AdminWish, Scope, Wish, until_interrupted};
use crate::cli::{BackupArgs, OutputFormat};
use crate::exit::Exit;
use crate::render;
use anyhow::Context as _;
use mesoform_cluster::backup;
use mesoform_quorum::{About, check_backup};
use serde_json::json;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// For each host's answer, in seconds.
const TIMEOUT: u64 = 60;

/// `mesoform backup -i INV -o FILE`.
pub async fn run(args: BackupArgs) -> anyhow::Result<Exit> {
    let output = args.output();
    let observer = render::observer(output);
    let scope = Scope::of(&args.hosts, &*observer)?;
    let wish = Wish { check: false, diff: false, timeout: TIMEOUT, admin: AdminWish::MayMiss };
    let mut run = scope.run(&args.hosts, observer.clone(), wish)?;
    let part = Part::beside(&args.file)?;
    let mut sink = tokio::fs::File::from_std(part.file.try_clone()?);
    let host = until_interrupted(&mut run, async |run| backup(run, &mut sink).await).await?;
    sink.sync_all().await.context("the backup cannot be written")?;
    drop(run);
    drop(observer);
    let about = part.checked(&args.file)?;
    match output.output {
        OutputFormat::Json => render::json_line(&json!({
            "event": "summary", "file": args.file.display().to_string(), "host": host, "about": about,
        })),
        OutputFormat::Text => render::say(&format!(
            "{}: the quorum of {} at revision {}, from {host}\n",
            args.file.display(),
            about.cluster,
            about.revision
        ))?,
    }
    Ok(Exit::Fine)
}

/// A backup on its way, which only becomes one when it is whole.
struct Part {
    path: PathBuf,
    file: File,
}

impl Part {
    fn beside(target: &Path) -> anyhow::Result<Self> {
        let name = target.file_name().context("the backup needs a file's name")?;
        let path = target.with_file_name(format!(".{}.part", name.to_string_lossy()));
        let _ = std::fs::remove_file(&path);
        let opened =
            OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path);
        let file = opened.with_context(|| format!("{} cannot be written", path.display()))?;
        Ok(Self { path, file })
    }

    fn checked(mut self, target: &Path) -> anyhow::Result<About> {
        let about = check_backup(&mut self.file)?;
        std::fs::rename(&self.path, target)
            .with_context(|| format!("{} cannot be written", target.display()))?;
        Ok(about)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // Where it has become the backup, nothing is left.
        let _ = std::fs::remove_file(&self.path);
    }
}
