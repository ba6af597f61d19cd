use super::{ArtifactError, target};
use std::path::{Path, PathBuf};
use tokio::process::Command;

/// Of what cargo says, its last lines are told.
const WORDS: usize = 5;

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
        building: impl Fn(&str),
    ) -> Result<PathBuf, ArtifactError> {
        let target = target(arch);
        let binary = self.target_dir.join(&target).join("release/mesoform");
        let words = ["build", "--release", "--package", "mesoform", "--target", &target];
        let command = format!("cargo {}", words.join(" "));
        if !binary.exists() {
            building(&format!(
                "building the binary for {arch} hosts with `{command}`; the first time takes minutes"
            ));
        }
        let failed = |cause: String| ArtifactError::Build {
            arch: arch.to_owned(),
            command: command.clone(),
            root: self.root.clone(),
            cause,
        };
        let output = Command::new("cargo")
            .args(words)
            .current_dir(&self.root)
            .kill_on_drop(true)
            .stdin(std::process::Stdio::null())
            .output()
            .await
            .map_err(|e| failed(e.to_string()))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            let lines: Vec<&str> = said.trim().lines().collect();
            return Err(failed(lines[lines.len().saturating_sub(WORDS)..].join("\n")));
        }
        Ok(binary)
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
