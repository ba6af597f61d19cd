//! Folders of ended tasks go when their time has come.

use super::{Event, Shell};
use crate::executor::now_ms;
use crate::{gc, host};

impl Shell {
    /// Begins to remove what may go; what is gone comes back as an event.
    pub(super) fn clean(&mut self) {
        let ended = self.core.tasks().filter(|(key, task)| {
            task.is_over() && !self.watches.contains_key(*key) && !self.removing.contains(*key)
        });
        let ended = ended.map(|(key, task)| gc::Ended {
            key: key.clone(),
            ended_ms: task.progress.ended_ms.unwrap_or(task.launch.ordered_ms),
        });
        let usage = host::disk_usage(&self.store.places.work_dir).unwrap_or(0.0);
        for key in gc::choose(ended.collect(), usage, now_ms()) {
            tracing::info!(task = %key, "its sandbox is removed");
            self.removing.insert(key.clone());
            let (store, events) = (self.store.clone(), self.ground.events.clone());
            tokio::spawn(async move {
                let (path_of, gone) = (store, key.clone());
                let _ = tokio::task::spawn_blocking(move || path_of.remove(&gone)).await;
                let _ = events.send(Event::Removed(key)).await;
            });
        }
    }
}
