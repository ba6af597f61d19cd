//! From what a request says about apps to the definitions that come of it.

use super::deployments::Planned;
use super::{Change, Core, Now, Refusal};
use crate::model::{Action, AppDefinition, AppId, AppUpdate, Moment, Problems, VersionInfo};
use std::collections::BTreeSet;

/// A change must fit one transaction of the quorum, which takes 128 operations.
const MAX_APPS: usize = 30;
/// It also takes about 1.5 MiB, and each definition goes into up to three records.
const MAX_BYTES: usize = 384 * 1024;

impl Core {
    /// What `changes` come to. Apps that stay as they are do not appear.
    pub(super) fn plan(
        &self,
        changes: Vec<Change>,
        partial: bool,
        may_create: bool,
        now: Now,
    ) -> Result<Vec<Planned>, Refusal> {
        if changes.len() > MAX_APPS {
            return Err(Refusal::TooMany { count: changes.len(), max: MAX_APPS });
        }
        let version = self.next_version(now);
        let touched: BTreeSet<AppId> = changes.iter().map(|c| c.app.clone()).collect();
        if touched.len() < changes.len() {
            return Err(invalid("/", "an app is named more than once"));
        }
        let mut taken = self.service_ports(&touched);
        let mut planned = Vec::new();
        for Change { app, update } in changes {
            let mut definition = self.define(&app, update, partial, may_create)?;
            self.assign_service_ports(&mut definition, &mut taken).map_err(Refusal::Invalid)?;
            planned.extend(self.compare(app, definition, version));
        }
        check_paths(self.state.apps.keys().chain(&touched))?;
        self.check_size(&planned)?;
        Ok(planned)
    }

    /// New and old definitions go into one transaction.
    fn check_size(&self, planned: &[Planned]) -> Result<(), Refusal> {
        let new = planned.iter().filter_map(|p| p.definition.as_ref()).map(AppDefinition::size);
        let old = planned.iter().filter_map(|p| self.state.apps.get(&p.app)).map(|a| a.size());
        let bytes: usize = new.chain(old).sum();
        if bytes > MAX_BYTES {
            let message = format!(
                "the change touches {bytes} bytes of definitions; {MAX_BYTES} fit into one change, \
                 split it"
            );
            return Err(invalid("/", &message));
        }
        Ok(())
    }

    fn define(
        &self,
        app: &AppId,
        update: AppUpdate,
        partial: bool,
        may_create: bool,
    ) -> Result<AppDefinition, Refusal> {
        let fresh = AppDefinition::with_defaults(app.clone());
        let Some(current) = self.state.apps.get(app) else {
            if !may_create {
                return Err(Refusal::NoSuchApp(app.clone()));
            }
            return update.onto(fresh).map_err(Refusal::Invalid);
        };
        if let Some(version) = update.version {
            return self.older(app, version, &update);
        }
        let base = if partial { (**current).clone() } else { fresh };
        update.onto(base).map_err(Refusal::Invalid)
    }

    /// The definition of an older version.
    fn older(
        &self,
        app: &AppId,
        version: Moment,
        update: &AppUpdate,
    ) -> Result<AppDefinition, Refusal> {
        if !update.only_version() {
            return Err(invalid(
                "/version",
                "The 'version' field may only be combined with the 'id' field.",
            ));
        }
        let found = self.state.versions.get(app).and_then(|all| all.get(&version));
        let found = found.ok_or_else(|| Refusal::NoSuchVersion(app.clone(), version))?;
        Ok((**found).clone())
    }

    /// How the app gets from what it is to `definition`; none where that is the same.
    fn compare(&self, app: AppId, definition: AppDefinition, version: Moment) -> Option<Planned> {
        let anew = VersionInfo { last_scaling_at: version, last_config_change_at: version };
        let (action, version_info) = match self.state.apps.get(&app) {
            None => (Action::Start, anew),
            Some(current) if !current.same_configuration(&definition) => (Action::Restart, anew),
            Some(current) if current.instances != definition.instances => {
                (Action::Scale, VersionInfo { last_scaling_at: version, ..current.version_info })
            }
            Some(_) => return None,
        };
        let definition = Some(AppDefinition { version, version_info, ..definition });
        Some(Planned { app, definition, action })
    }
}

/// An app's path cannot be a group of other apps too.
fn check_paths<'a>(apps: impl Iterator<Item = &'a AppId>) -> Result<(), Refusal> {
    let apps: BTreeSet<&AppId> = apps.collect();
    // Sorted by text, whatever lies within a path does not always follow it directly.
    let within = |app: &AppId| {
        let parts: Vec<&str> = app.parts().collect();
        (1..parts.len())
            .any(|n| AppId::parse(&parts[..n].join("/")).is_ok_and(|parent| apps.contains(&parent)))
    };
    if apps.iter().any(|app| within(app)) {
        return Err(invalid("/", "Groups and Applications may not have the same identifier."));
    }
    Ok(())
}

fn invalid(path: &str, message: &str) -> Refusal {
    Refusal::Invalid(Problems::one(path, message))
}
