use std::path::{Path, PathBuf};

use crate::rig::Rig;
use crate::run::Run;

/// A cluster as its operator sees it: `cluster.up().expect_success()`.
pub struct Cluster<'a> {
    rig: &'a Rig,
    inventory: PathBuf,
}

impl<'a> Cluster<'a> {
    pub(crate) fn new(rig: &'a Rig, inventory: PathBuf) -> Self {
        Self { rig, inventory }
    }

    pub fn inventory(&self) -> &Path {
        &self.inventory
    }

    /// What the operator keeps of the cluster: its CA, the admin credential, logs of runs. The cluster
    /// is named after the inventory's file.
    pub fn state(&self) -> PathBuf {
        let name = self.inventory.file_stem().unwrap_or_default();
        self.rig.dir().join(".mesoform").join(name)
    }

    #[track_caller]
    pub fn up(&self) -> Run {
        self.does(&["up"])
    }

    /// `up --check`: says what `up` would do.
    #[track_caller]
    pub fn check(&self) -> Run {
        self.does(&["up", "--check"])
    }

    #[track_caller]
    pub fn status(&self) -> Run {
        self.does(&["status"])
    }

    #[track_caller]
    pub fn restart(&self, service: &str) -> Run {
        self.does(&["restart", service])
    }

    #[track_caller]
    pub fn down(&self) -> Run {
        self.does(&["down", "--yes"])
    }

    /// Any command on this cluster's inventory.
    #[track_caller]
    pub fn does(&self, words: &[&str]) -> Run {
        let inventory = self.inventory.display().to_string();
        self.rig.mesoform(&[words, &["-i", &inventory]].concat())
    }
}
