use crate::core::TaskKey;
use mesoform_settings::Acceptance;
use std::path::PathBuf;

/// Where things lie. Absolute.
#[derive(Debug, Clone)]
pub struct Places {
    pub work_dir: PathBuf,
    pub run_dir: PathBuf,
}

impl Places {
    pub fn kept(&self) -> PathBuf {
        self.work_dir.join("agent.json")
    }

    pub fn acceptance(&self) -> PathBuf {
        self.work_dir.join(Acceptance::FILE)
    }

    pub fn tasks(&self) -> PathBuf {
        self.work_dir.join("tasks")
    }

    pub fn task(&self, key: &TaskKey) -> PathBuf {
        self.tasks().join(key.short())
    }

    pub fn sandbox(&self, key: &TaskKey) -> PathBuf {
        self.task(key).join("sandbox")
    }

    pub fn socket(&self, key: &TaskKey) -> PathBuf {
        self.run_dir.join(format!("{}.sock", key.short()))
    }
}
