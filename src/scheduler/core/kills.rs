use super::{Core, Effect, Now, TaskRef, Turn};
use crate::model::InstanceId;
use std::collections::BTreeMap;
use std::time::Duration;

/// A kill may get lost; it is sent again until the task is gone.
const AGAIN: Duration = Duration::from_secs(10);

/// Instances that must go, and when to say so next.
#[derive(Debug, Default)]
pub struct Kills(BTreeMap<InstanceId, Duration>);

impl Kills {
    /// Has `id` killed at once.
    pub fn add(&mut self, id: InstanceId) {
        self.0.insert(id, Duration::ZERO);
    }

    pub fn add_all(&mut self, ids: impl IntoIterator<Item = InstanceId>) {
        ids.into_iter().for_each(|id| self.add(id));
    }

    pub fn remove(&mut self, id: &InstanceId) {
        self.0.remove(id);
    }

    /// A new master has heard of none of them.
    pub fn resend_all(&mut self) {
        self.0.values_mut().for_each(|due| *due = Duration::ZERO);
    }

    pub fn next(&self) -> Option<Duration> {
        self.0.values().min().copied()
    }

    /// Those that are due now; they are due again later.
    fn take_due(&mut self, now: Now) -> Vec<(InstanceId, bool)> {
        let mut taken = Vec::new();
        for (id, due) in self.0.iter_mut().filter(|(_, due)| **due <= now.tick) {
            taken.push((id.clone(), !due.is_zero()));
            *due = now.tick.saturating_add(AGAIN);
        }
        taken
    }
}

impl Core {
    pub(super) fn resend_kills(&mut self, now: Now, turn: &mut Turn) {
        if !self.link.is_connected() {
            return;
        }
        for (id, again) in self.kills.take_due(now) {
            let app = InstanceId::of_task(id.as_str()).map(|(_, app)| app);
            let instance = app.and_then(|app| self.state.instance(&app, &id).cloned());
            let Some(instance) = instance else {
                self.kills.remove(&id);
                continue;
            };
            if again {
                // Perhaps the task is long gone, and only its last status was lost.
                self.reconciling.add(id, now);
            }
            turn.then(Effect::Kill(TaskRef::of(&instance)));
        }
    }
}
