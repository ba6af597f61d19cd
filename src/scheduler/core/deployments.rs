use super::{Answer, Core, Now, Refusal, Turn};
use crate::model::{
    Action, AppDefinition, AppId, Deployment, Goal, Moment, Original, Target, VersionInfo,
};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What is to become of an app.
#[derive(Debug)]
pub struct Planned {
    pub app: AppId,
    /// None: it is to go.
    pub definition: Option<AppDefinition>,
    pub action: Action,
}

impl Core {
    /// Starts a deployment: the apps' records and its own, in one transaction. Returns its id and
    /// version. Nothing planned makes a deployment that is over before it begins, as in Marathon.
    pub(super) fn deploy(
        &mut self,
        planned: Vec<Planned>,
        force: bool,
        now: Now,
        turn: &mut Turn,
    ) -> Result<(String, Moment), Refusal> {
        let locks = self.conflicts(&planned);
        if !force && !locks.is_empty() {
            return Err(Refusal::Locked(locks.into_iter().collect()));
        }
        let version = planned.iter().find_map(|p| p.definition.as_ref().map(|d| d.version));
        let version = version.unwrap_or_else(|| self.next_version(now));
        let id = self.dice.uuid().to_string();
        if planned.is_empty() {
            return Ok((id, version));
        }
        for lock in locks {
            self.drop_deployment(&lock, turn);
        }
        self.record_deployment(id.clone(), version, &planned, turn);
        for Planned { app, definition, .. } in planned {
            match definition {
                Some(definition) => self.store_app(definition, turn),
                None => self.remove_app(&app, turn),
            }
            self.dirty.insert(app);
        }
        Ok((id, version))
    }

    fn conflicts(&self, planned: &[Planned]) -> BTreeSet<String> {
        planned.iter().flat_map(|p| self.state.locks(&p.app)).map(|d| d.id.clone()).collect()
    }

    fn record_deployment(
        &mut self,
        id: String,
        version: Moment,
        planned: &[Planned],
        turn: &mut Turn,
    ) {
        let target = |p: &Planned| Target { app: p.app.clone(), action: p.action };
        let original = |p: &Planned| Original {
            app: p.app.clone(),
            definition: self.state.apps.get(&p.app).map(|app| (**app).clone()),
        };
        let deployment = Arc::new(Deployment {
            targets: planned.iter().map(target).collect(),
            originals: planned.iter().map(original).collect(),
            id: id.clone(),
            version,
        });
        turn.deployment(&deployment);
        self.state.deployments.insert(id, deployment);
    }

    fn remove_app(&mut self, app: &AppId, turn: &mut Turn) {
        turn.no_app(app);
        self.state.apps.remove(app);
        self.state.versions.remove(app);
        self.state.failures.remove(app);
        self.delays.forget(app);
    }

    fn drop_deployment(&mut self, id: &str, turn: &mut Turn) {
        turn.no_deployment(id);
        self.state.deployments.remove(id);
    }

    /// Undoes a deployment with another one, or with `force` stops watching over it.
    pub(super) fn cancel(
        &mut self,
        id: &str,
        force: bool,
        now: Now,
        turn: &mut Turn,
    ) -> Result<Answer, Refusal> {
        let deployment = self.state.deployments.get(id).cloned();
        let deployment = deployment.ok_or_else(|| Refusal::NoSuchDeployment(id.to_owned()))?;
        if force {
            self.drop_deployment(id, turn);
            return Ok(Answer::Done);
        }
        let version = self.next_version(now);
        let originals = deployment.originals.iter();
        let planned = originals.filter_map(|o| self.back_to(o, version)).collect();
        self.drop_deployment(id, turn);
        let (deployment, version) = self.deploy(planned, true, now, turn)?;
        Ok(Answer::Deploying { deployment, version, created: false })
    }

    /// The original's configuration comes back as it was, so that instances of it may stay.
    fn back_to(&self, original: &Original, version: Moment) -> Option<Planned> {
        let app = original.app.clone();
        let current = self.state.apps.get(&app);
        let Some(before) = &original.definition else {
            current?;
            return Some(Planned { app, definition: None, action: Action::Stop });
        };
        let action = match current {
            None => Action::Start,
            Some(current) if current.config() == before.config() => Action::Scale,
            Some(_) => Action::Restart,
        };
        let version_info = VersionInfo { last_scaling_at: version, ..before.version_info };
        let definition = Some(AppDefinition { version, version_info, ..before.clone() });
        Some(Planned { app, definition, action })
    }

    /// Ends the deployments that have come to their goal with this turn.
    pub(super) fn finish_deployments(&mut self, touched: &BTreeSet<AppId>, turn: &mut Turn) {
        let done: BTreeSet<String> = touched
            .iter()
            .flat_map(|app| self.state.locks(app))
            .filter(|d| d.targets.iter().all(|target| self.is_settled(&target.app)))
            .map(|d| d.id.clone())
            .collect();
        for id in done {
            self.drop_deployment(&id, turn);
        }
    }

    /// Whether all instances that live are wanted, up to date and running, and none misses.
    fn is_settled(&self, app: &AppId) -> bool {
        let wanted = self.state.apps.get(app);
        let count = wanted.map_or(0, |app| app.instances as usize);
        let config = wanted.map(|app| app.config());
        let good = |i: &crate::model::Instance| i.is_running() && Some(i.config) == config;
        self.state.of(app).count() == count
            && self.state.of(app).all(|i| good(i) && i.goal == Goal::Running)
    }
}
