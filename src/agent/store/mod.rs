//! What the agent keeps on disk, and where.
//!
//! ```text
//! work_dir/agent.json                  the agent's id and the leadership it has obeyed
//! work_dir/accept-quorum.yml           which quorum to obey from now on  (operator)
//! work_dir/tasks/<short>/launch.json   the task as it was ordered
//! work_dir/tasks/<short>/progress.json what became of it, updates that wait
//! work_dir/tasks/<short>/task.json     what the executor runs      (executor)
//! work_dir/tasks/<short>/exit.json     how it ended                (executor)
//! work_dir/tasks/<short>/lock          held while the executor lives
//! work_dir/tasks/<short>/executor.log  what the executor had to say
//! work_dir/tasks/<short>/sandbox/      the task's working directory
//! run_dir/<short>.sock                 where the executor listens
//! ```

mod accept;
mod kept;
mod places;

pub use kept::Kept;
pub use places::Places;

use crate::core::{Launch, Progress, TaskKey};
use crate::disk::{self, DiskError};
use mesoform_mesos::TaskState;
use std::fs;
use std::path::PathBuf;

/// The agent's files. All calls block; each is short.
#[derive(Debug, Clone)]
pub struct Store {
    pub places: Places,
}

impl Store {
    /// Makes the folders.
    pub fn open(work_dir: PathBuf, run_dir: PathBuf) -> Result<Self, DiskError> {
        let work_dir = absolute(work_dir)?;
        let run_dir = absolute(run_dir)?;
        // Tasks of other users must reach their sandboxes, and see nothing else.
        disk::directory(&work_dir, 0o711)?;
        disk::directory(&work_dir.join("tasks"), 0o711)?;
        disk::directory(&run_dir, 0o700)?;
        Ok(Self { places: Places { work_dir, run_dir } })
    }

    pub fn kept(&self) -> Result<Kept, DiskError> {
        Ok(disk::read(&self.places.kept())?.unwrap_or_default())
    }

    pub fn keep(&self, kept: &Kept) -> Result<(), DiskError> {
        disk::write_durably(&self.places.kept(), kept)
    }

    /// Makes a new task's folder.
    pub fn keep_launch(&self, key: &TaskKey, launch: &Launch) -> Result<(), DiskError> {
        let dir = self.places.task(key);
        disk::directory(&dir, 0o711)?;
        disk::directory(&self.places.sandbox(key), 0o750)?;
        disk::write(&dir.join("launch.json"), launch)
    }

    pub fn keep_progress(&self, key: &TaskKey, progress: &Progress) -> Result<(), DiskError> {
        disk::write(&self.places.task(key).join("progress.json"), progress)
    }

    /// Everything about all tasks. A folder of a task that was never begun is removed; one that
    /// cannot be read is left alone, and told of.
    pub fn tasks(&self) -> Result<Vec<(Launch, Progress)>, DiskError> {
        let tasks = self.places.tasks();
        let entries = fs::read_dir(&tasks).map_err(DiskError::io("listed", &tasks))?;
        let mut found = Vec::new();
        for entry in entries.flatten() {
            match read_task(&entry.path()) {
                Ok(Some(task)) => found.push(task),
                Ok(None) => self.discard(entry.path()),
                Err(error) => tracing::error!(%error, "a task's folder is left alone"),
            }
        }
        Ok(found)
    }

    /// Removes a task's folder and its socket.
    pub fn remove(&self, key: &TaskKey) {
        let _ = fs::remove_file(self.places.socket(key));
        self.discard(self.places.task(key));
    }

    fn discard(&self, dir: PathBuf) {
        if let Err(error) = fs::remove_dir_all(&dir) {
            tracing::warn!(dir = %dir.display(), %error, "a task's folder cannot be removed");
        }
    }
}

fn read_task(dir: &std::path::Path) -> Result<Option<(Launch, Progress)>, DiskError> {
    let Some(launch) = disk::read(&dir.join("launch.json"))? else { return Ok(None) };
    let progress = match disk::read(&dir.join("progress.json")) {
        // The task may run: it must not be forgotten because a word of its history is lost.
        Err(error @ DiskError::Json { .. }) => {
            tracing::error!(%error, "taken for a task that was just started");
            Some(Progress { state: TaskState::Starting, ..Progress::default() })
        }
        read => read?,
    };
    Ok(progress.map(|progress| (launch, progress)))
}

/// Executors have another working directory.
fn absolute(path: PathBuf) -> Result<PathBuf, DiskError> {
    std::path::absolute(&path).map_err(DiskError::io("made absolute", &path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use mesoform_mesos::{AgentId, CommandInfo, FrameworkInfo, TaskInfo};

    fn rig() -> (tempfile::TempDir, Store, TaskKey, Launch) {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path().join("work"), dir.path().join("run")).unwrap();
        let command = CommandInfo::shell("true");
        let task = TaskInfo::command("../t", AgentId::new("a"), command, vec![]);
        let launch = Launch::new(FrameworkInfo::new("m", ""), task, "boot".into(), 1.0);
        let key = TaskKey::of(&launch.framework, &launch.task);
        (dir, store, key, launch)
    }

    #[test]
    fn what_is_kept_is_found_again() {
        let (_dir, store, key, launch) = rig();
        assert_eq!(store.kept().unwrap(), Kept::default());
        let kept = Kept { seen_leadership: 7, ..Kept::default() };
        store.keep(&kept).unwrap();
        assert_eq!(store.kept().unwrap(), kept);
        store.keep_launch(&key, &launch).unwrap();
        store.keep_progress(&key, &Progress::default()).unwrap();
        assert_eq!(store.tasks().unwrap(), [(launch, Progress::default())]);
        store.remove(&key);
        assert_eq!(store.tasks().unwrap(), []);
    }

    #[test]
    fn a_task_that_was_never_begun_is_removed_and_a_damaged_one_is_not_forgotten() {
        let (_dir, store, key, launch) = rig();
        store.keep_launch(&key, &launch).unwrap();
        assert_eq!(store.tasks().unwrap(), []);
        assert!(!store.places.task(&key).exists());
        store.keep_launch(&key, &launch).unwrap();
        std::fs::write(store.places.task(&key).join("progress.json"), "").unwrap();
        assert_eq!(store.tasks().unwrap()[0].1.state, TaskState::Starting);
    }

    #[test]
    fn what_a_later_version_wrote_is_left_alone() {
        let (_dir, store, key, launch) = rig();
        store.keep_launch(&key, &launch).unwrap();
        let later = Progress { format: 99, ..Progress::default() };
        store.keep_progress(&key, &later).unwrap();
        assert_eq!(store.tasks().unwrap(), []);
        assert!(store.places.task(&key).exists());
    }
}
