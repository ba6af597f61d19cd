use super::{Core, Now, Turn};
use crate::model::{AppDefinition, Moment};
use std::sync::Arc;

/// As many versions of an app are kept, as Marathon's default has it.
const KEPT: usize = 50;

impl Core {
    /// A version later than every one before it, whatever the clock does.
    pub(super) fn next_version(&self, now: Now) -> Moment {
        let apps = self.state.apps.values().map(|app| app.version);
        let deployments = self.state.deployments.values().map(|d| d.version);
        let latest = apps.chain(deployments).max().unwrap_or_default();
        now.wall.max(latest.plus_millis(1))
    }

    /// Makes `app` the present version, and forgets the oldest where there are too many.
    pub(super) fn store_app(&mut self, app: AppDefinition, turn: &mut Turn) {
        let app = Arc::new(app);
        turn.app(&app);
        self.state.put_version(&app);
        self.state.apps.insert(app.id.clone(), app.clone());
        let Some(versions) = self.state.versions.get_mut(&app.id) else { return };
        while versions.len() > KEPT {
            let Some((oldest, _)) = Arc::make_mut(versions).pop_first() else { return };
            turn.no_version(&app.id, oldest);
        }
    }
}
