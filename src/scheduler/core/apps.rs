//! Commands: each is checked in full before anything is touched.

use super::deployments::Planned;
use super::{Answer, Change, Command, Core, Effect, KillScope, Now, Refusal, Turn};
use crate::model::{Action, AppDefinition, AppId, Goal, Instance, InstanceId, VersionInfo};
use std::collections::BTreeMap;
use std::sync::Arc;

impl Core {
    pub(super) fn command(&mut self, id: u64, command: Command, now: Now, turn: &mut Turn) {
        let answer = match command {
            Command::Create { change, force } => self.create(*change, force, now, turn),
            Command::Update { changes, partial, may_create, force } => {
                self.change(changes, partial, may_create, force, now, turn)
            }
            Command::Delete { app, force } => self.delete(&app, force, now, turn),
            Command::Restart { app, force } => self.restart(&app, force, now, turn),
            Command::Kill { scope, scale, force } => self.kill(&scope, scale, force, now, turn),
            Command::Cancel { deployment, force } => self.cancel(&deployment, force, now, turn),
            Command::ResetDelay { app } => self.reset_delay(app),
        };
        turn.then(Effect::Reply { id, answer });
    }

    fn create(
        &mut self,
        change: Change,
        force: bool,
        now: Now,
        turn: &mut Turn,
    ) -> Result<Answer, Refusal> {
        if self.state.apps.contains_key(&change.app) {
            return Err(Refusal::Exists(change.app));
        }
        let id = change.app.clone();
        let planned = self.plan(vec![change], false, true, now)?;
        let (deployment, _) = self.deploy(planned, force, now, turn)?;
        let app = self.state.apps.get(&id).cloned().ok_or(Refusal::NoSuchApp(id))?;
        Ok(Answer::Created { app, deployment })
    }

    fn change(
        &mut self,
        changes: Vec<Change>,
        partial: bool,
        may_create: bool,
        force: bool,
        now: Now,
        turn: &mut Turn,
    ) -> Result<Answer, Refusal> {
        let created = changes.iter().all(|c| !self.state.apps.contains_key(&c.app));
        let planned = self.plan(changes, partial, may_create, now)?;
        let (deployment, version) = self.deploy(planned, force, now, turn)?;
        Ok(Answer::Deploying { deployment, version, created })
    }

    fn delete(
        &mut self,
        app: &AppId,
        force: bool,
        now: Now,
        turn: &mut Turn,
    ) -> Result<Answer, Refusal> {
        self.existing(app)?;
        let gone = Planned { app: app.clone(), definition: None, action: Action::Stop };
        let (deployment, version) = self.deploy(vec![gone], force, now, turn)?;
        Ok(Answer::Deploying { deployment, version, created: false })
    }

    fn restart(
        &mut self,
        app: &AppId,
        force: bool,
        now: Now,
        turn: &mut Turn,
    ) -> Result<Answer, Refusal> {
        let current = self.existing(app)?;
        let version = self.next_version(now);
        let version_info = VersionInfo { last_scaling_at: version, last_config_change_at: version };
        let definition = AppDefinition { version, version_info, ..(*current).clone() };
        let planned =
            Planned { app: app.clone(), definition: Some(definition), action: Action::Restart };
        let (deployment, version) = self.deploy(vec![planned], force, now, turn)?;
        Ok(Answer::Deploying { deployment, version, created: false })
    }

    fn kill(
        &mut self,
        scope: &KillScope,
        scale: bool,
        force: bool,
        now: Now,
        turn: &mut Turn,
    ) -> Result<Answer, Refusal> {
        let found = self.in_scope(scope)?;
        if !scale {
            for instance in &found {
                self.doom(instance, Goal::Replaced, turn);
            }
            return Ok(Answer::Killing(found));
        }
        let found: Vec<_> = found.into_iter().filter(|i| i.goal == Goal::Running).collect();
        let planned = self.without(&found, now);
        let (deployment, version) = self.deploy(planned, force, now, turn)?;
        for instance in &found {
            self.doom(instance, Goal::Decommissioned, turn);
        }
        Ok(Answer::Deploying { deployment, version, created: false })
    }

    /// The wanted instances in `scope`.
    fn in_scope(&self, scope: &KillScope) -> Result<Vec<Arc<Instance>>, Refusal> {
        let found: Vec<Arc<Instance>> = match scope {
            KillScope::App { app, host } => {
                self.existing(app)?;
                let host = host.as_deref().filter(|h| *h != "*");
                let all = self.state.of(app);
                all.filter(|i| host.is_none_or(|h| i.host == h)).cloned().collect()
            }
            KillScope::Tasks(ids) => ids
                .iter()
                .filter_map(|id| InstanceId::of_task(id))
                .filter_map(|(id, app)| self.state.instance(&app, &id).cloned())
                .collect(),
        };
        Ok(found.into_iter().filter(|i| i.goal != Goal::Decommissioned).collect())
    }

    /// The apps of `instances` scaled down by as many.
    fn without(&self, instances: &[Arc<Instance>], now: Now) -> Vec<Planned> {
        let mut counts: BTreeMap<&AppId, u32> = BTreeMap::new();
        for instance in instances {
            *counts.entry(&instance.app).or_default() += 1;
        }
        let version = self.next_version(now);
        let scaled = |(id, count): (&AppId, u32)| {
            let app = self.state.apps.get(id)?;
            let version_info = VersionInfo { last_scaling_at: version, ..app.version_info };
            let instances = app.instances.saturating_sub(count);
            let definition = AppDefinition { instances, version, version_info, ..(**app).clone() };
            let action = Action::Scale;
            Some(Planned { app: id.clone(), definition: Some(definition), action })
        };
        counts.into_iter().filter_map(scaled).collect()
    }

    fn reset_delay(&mut self, app: AppId) -> Result<Answer, Refusal> {
        if !self.wants.contains_key(&app) {
            return Err(Refusal::NotQueued(app));
        }
        self.delays.forget(&app);
        self.dirty.insert(app);
        Ok(Answer::Done)
    }

    pub(super) fn existing(&self, app: &AppId) -> Result<Arc<AppDefinition>, Refusal> {
        self.state.apps.get(app).cloned().ok_or_else(|| Refusal::NoSuchApp(app.clone()))
    }
}
