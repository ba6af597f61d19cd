//! A log of every run that changes hosts: `.mesoform/<cluster>/runs/<time>.jsonl`.

use jiff::Timestamp;
use mesoform_cluster::{Observer, Progress};
use serde::Serialize;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Older logs make room.
const KEPT: usize = 50;

/// Writes down what it passes on.
pub struct Recorded {
    inner: Arc<dyn Observer>,
    file: Mutex<File>,
}

#[derive(Serialize)]
struct Line<'a> {
    time: String,
    #[serde(flatten)]
    progress: &'a Progress,
}

impl Recorded {
    /// Begins a log in `dir`, which is made where it is not there.
    ///
    /// # Errors
    /// The folder or the file cannot be made.
    pub fn begin(dir: &Path, inner: Arc<dyn Observer>) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        make_room(dir)?;
        let name = format!(
            "{}-{}.jsonl",
            Timestamp::now().strftime("%Y%m%dT%H%M%S%.3fZ"),
            std::process::id()
        );
        let file =
            OpenOptions::new().create_new(true).append(true).mode(0o600).open(dir.join(name))?;
        Ok(Self { inner, file: Mutex::new(file) })
    }
}

impl Observer for Recorded {
    fn on(&self, progress: Progress) {
        if !matches!(progress, Progress::Bytes { .. }) {
            let line = Line { time: Timestamp::now().to_string(), progress: &progress };
            let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            // A full disk at the operator is no reason to stop half way.
            let _ = serde_json::to_string(&line).map(|line| writeln!(file, "{line}"));
        }
        self.inner.on(progress);
    }
}

fn make_room(dir: &Path) -> io::Result<()> {
    let mut logs: Vec<_> = std::fs::read_dir(dir)?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == "jsonl"))
        .collect();
    // The names begin with the time.
    logs.sort();
    for old in logs.iter().rev().skip(KEPT - 1) {
        std::fs::remove_file(old)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Nobody;
    impl Observer for Nobody {
        fn on(&self, _: Progress) {}
    }

    #[test]
    fn a_run_is_written_down_and_old_ones_make_room() {
        let dir = tempfile::tempdir().unwrap();
        for old in 0..KEPT + 3 {
            std::fs::write(dir.path().join(format!("2000{old:04}.jsonl")), "").unwrap();
        }
        let log = Recorded::begin(dir.path(), Arc::new(Nobody)).unwrap();
        log.on(Progress::Notice { message: "hello".into() });
        let mut files: Vec<_> =
            std::fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().path()).collect();
        files.sort();
        assert_eq!(files.len(), KEPT);
        let text = std::fs::read_to_string(files.last().unwrap()).unwrap();
        assert!(text.contains(r#""event":"notice","message":"hello""#), "{text}");
    }
}
