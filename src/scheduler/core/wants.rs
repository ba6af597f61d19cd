use super::{Core, Now};
use crate::model::{AppId, Moment};
use std::time::Duration;

/// Instances that an app lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Want {
    pub missing: usize,
    pub since: Moment,
    /// They must not be launched before.
    pub held_until: Option<Duration>,
}

impl Core {
    /// `app` lacks `missing` instances.
    pub(super) fn want(&mut self, app: &AppId, missing: usize, now: Now) {
        let definition = self.state.apps.get(app).filter(|_| missing > 0);
        let Some(definition) = definition else {
            self.wants.remove(app);
            return;
        };
        let held_until = self.delays.until(definition, now);
        let before = self.wants.get(app);
        let since = before.map_or(now.wall, |want| want.since);
        let launchable = before.filter(|w| w.held_until.is_none()).map_or(0, |w| w.missing);
        if held_until.is_none() && missing > launchable {
            self.link.want_grew();
        }
        self.wants.insert(app.clone(), Want { missing, since, held_until });
    }

    /// Lets go of the wants whose time has come.
    pub(super) fn release(&mut self, now: Now) {
        for want in self.wants.values_mut() {
            if want.held_until.is_some_and(|until| until <= now.tick) {
                want.held_until = None;
                self.link.want_grew();
            }
        }
    }

    /// Whether something can be launched now.
    pub(super) fn wants_offers(&self) -> bool {
        self.wants.values().any(|want| want.held_until.is_none())
    }
}
