//! Where the rig keeps its things, and the image that its hosts start from.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::run::run;

/// A fresh machine downloads and unpacks a Debian.
const SETUP_LIMIT: Duration = Duration::from_secs(900);

pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// `target/rig`.
pub(crate) fn store() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    target.unwrap_or_else(|| repository().join("target")).join("rig")
}

/// The base image, made by `tests/rig/setup` where it is missing.
pub(crate) fn image() -> PathBuf {
    made_by("tests/rig/setup")
}

/// The same with cloud-init in it: two folders, one over the other.
pub(crate) fn cloud_image() -> PathBuf {
    made_by("tests/rig/cloud-init")
}

fn made_by(script: &str) -> PathBuf {
    let made = run(&mut Command::new(repository().join(script)), SETUP_LIMIT).expect_success();
    PathBuf::from(made.text().lines().last().unwrap())
}
