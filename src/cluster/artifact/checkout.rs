use super::progress::{CargoWords, Said};
use super::{ArtifactError, Building, target};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::io::AsyncReadExt;
use tokio::process::{ChildStderr, Command};

/// Of what cargo says, its last lines are told.
const WORDS: usize = 8;
/// Where nothing moves on the screen, a sign of life so often.
const STILL: Duration = Duration::from_secs(30);

/// A checkout of mesoform, in whose `target/` this executable was built.
pub(super) struct Checkout {
    pub root: PathBuf,
    target_dir: PathBuf,
}

impl Checkout {
    /// The checkout that `executable` was built in, if it still lies there.
    pub fn of(executable: &Path) -> Option<Self> {
        let target_dir = executable.ancestors().find(|dir| dir.ends_with("target"))?;
        let root = target_dir.parent()?;
        root.join("src/mesoform/Cargo.toml")
            .exists()
            .then(|| Self { root: root.to_owned(), target_dir: target_dir.to_owned() })
    }

    /// Has cargo build the static binary, which is quick where nothing changed.
    pub async fn build(
        &self,
        arch: &str,
        building: &(dyn Fn(Building) + Sync),
    ) -> Result<PathBuf, ArtifactError> {
        let target = target(arch);
        let words = ["build", "--release", "--package", "mesoform", "--target", &target];
        let command = format!("cargo {}", words.join(" "));
        let failed = |cause: String| ArtifactError::Build {
            arch: arch.to_owned(),
            command: command.clone(),
            root: self.root.clone(),
            cause,
        };
        let mut child = Command::new("cargo")
            .args(words)
            .arg("--target-dir")
            .arg(&self.target_dir)
            .current_dir(&self.root)
            // So that it says how far it is, where nobody's terminal is.
            .envs([("CARGO_TERM_PROGRESS_WHEN", "always"), ("CARGO_TERM_PROGRESS_WIDTH", "80")])
            .env("CARGO_TERM_COLOR", "never")
            .kill_on_drop(true)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|e| failed(e.to_string()))?;
        let waits = BTreeSet::new();
        let mut teller =
            Teller { arch, command: &command, building, waits, begun: None, told: None };
        let said = match child.stderr.take() {
            Some(stderr) => teller.listen(stderr).await,
            None => Vec::new(),
        };
        let status = child.wait().await.map_err(|e| failed(e.to_string()))?;
        if !status.success() {
            return Err(failed(said[said.len().saturating_sub(WORDS)..].join("\n")));
        }
        Ok(self.target_dir.join(&target).join("release/mesoform"))
    }
}

/// Tells what cargo does while somebody waits for it.
struct Teller<'a> {
    arch: &'a str,
    command: &'a str,
    building: &'a (dyn Fn(Building) + Sync),
    /// What was waited for.
    waits: BTreeSet<String>,
    begun: Option<Instant>,
    /// When something was last told that stays.
    told: Option<Instant>,
}

impl Teller<'_> {
    /// To its end; returns its last lines.
    async fn listen(&mut self, mut stderr: ChildStderr) -> Vec<String> {
        let mut words = CargoWords::default();
        let mut buffer = vec![0; 16 * 1024];
        while let Ok(read) = stderr.read(&mut buffer).await {
            if read == 0 {
                break;
            }
            for said in words.take(&buffer[..read]) {
                self.tell(said);
            }
        }
        words.last_lines()
    }

    fn tell(&mut self, said: Said) {
        match said {
            Said::Waits(what) if self.waits.insert(what.clone()) => {
                (self.building)(Building::Stays(format!(
                    "cargo waits for another cargo, which holds the {what}"
                )));
            }
            Said::Waits(_) => {}
            Said::Compiles(text) => {
                self.begin();
                self.go(text);
            }
            Said::Progress(text) => self.go(text),
        }
    }

    /// Told once, and only where there is something to build.
    fn begin(&mut self) {
        if self.begun.is_some() {
            return;
        }
        let now = Instant::now();
        (self.begun, self.told) = (Some(now), Some(now));
        (self.building)(Building::Stays(format!(
            "building the static binary for {} hosts with `{}`; the first time takes minutes",
            self.arch, self.command
        )));
    }

    fn go(&mut self, text: String) {
        let (Some(begun), Some(told)) = (self.begun, self.told) else { return };
        if told.elapsed() >= STILL {
            self.told = Some(Instant::now());
            let seconds = begun.elapsed().as_secs();
            (self.building)(Building::Stays(format!("still building after {seconds} s: {text}")));
        }
        (self.building)(Building::Goes(text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkout_is_where_the_target_folder_is() {
        let dir = tempfile::tempdir().unwrap();
        let crate_dir = dir.path().join("src/mesoform");
        std::fs::create_dir_all(&crate_dir).unwrap();
        let executable = dir.path().join("target/release/mesoform");
        assert!(Checkout::of(&executable).is_none());
        std::fs::write(crate_dir.join("Cargo.toml"), "").unwrap();
        assert_eq!(Checkout::of(&executable).unwrap().root, dir.path());
        assert!(Checkout::of(Path::new("/usr/bin/mesoform")).is_none());
    }
}
