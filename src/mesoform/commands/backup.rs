use super::run::{AdminWish, Scope, Wish, until_interrupted};
use crate::cli::{BackupArgs, OutputFormat};
use crate::exit::Exit;
use crate::render;
use anyhow::{Context as _, bail};
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
    let host = until_interrupted(&mut run, async |run| backup(run, &mut sink).await).await;
    let host = host.with_context(|| args.file.display().to_string())?;
    drop(run);
    drop(observer);
    let about = part.checked(&args.file, &host)?;
    match output.output {
        OutputFormat::Json => render::json_line(&json!({
            "event": "summary", "file": args.file.display().to_string(), "host": host, "about": about,
        })),
        OutputFormat::Text => render::say(&format!(
            "{}: the quorum of the cluster {:?} at revision {}, from {host}\n",
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
    /// With a name of its own: others may be writing the same backup.
    fn beside(target: &Path) -> anyhow::Result<Self> {
        let name = target.file_name().with_context(|| {
            format!("{} is no file's name; name the file that the backup goes to", target.display())
        })?;
        if target.is_dir() {
            bail!("{} is a directory; name a file in it", target.display());
        }
        let own = format!(".{}.{}.part", name.to_string_lossy(), std::process::id());
        let path = target.with_file_name(own);
        let _ = std::fs::remove_file(&path);
        let opened =
            OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path);
        let file = opened.with_context(|| format!("{} cannot be written", target.display()))?;
        Ok(Self { path, file })
    }

    fn checked(mut self, target: &Path, host: &str) -> anyhow::Result<About> {
        let whole = check_backup(&mut self.file);
        let about = whole.with_context(|| {
            format!("what came from {host} is no whole backup, and none was written; try again")
        })?;
        let written = || {
            self.file.sync_all()?;
            std::fs::rename(&self.path, target)?;
            let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
            File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
        };
        written().with_context(|| format!("{} cannot be written", target.display()))?;
        Ok(about)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // Where it has become the backup, nothing is left.
        let _ = std::fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_whole_does_not_replace_what_was_there() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("quorum.backup");
        std::fs::write(&target, "the last one").unwrap();
        let part = Part::beside(&target).unwrap();
        let error = format!("{:#}", part.checked(&target, "h1").unwrap_err());
        assert!(error.contains("h1") && error.contains("none was written"), "{error}");
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "the last one");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_no_file_can_be_is_refused_before_anything_is_copied() {
        let dir = tempfile::tempdir().unwrap();
        let refused = |path: &Path| match Part::beside(path) {
            Ok(_) => String::new(),
            Err(error) => format!("{error:#}"),
        };
        assert!(refused(dir.path()).contains("is a directory"));
        assert!(refused(Path::new("..")).contains("no file's name"));
        let missing = refused(&dir.path().join("none/quorum.backup"));
        assert!(missing.contains("none/quorum.backup cannot be written"), "{missing}");
    }
}
