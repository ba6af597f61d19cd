use super::{Core, Now, Turn};
use crate::model::{AppDefinition, AppId, Goal, Instance, InstanceId, KillSelection};
use std::sync::Arc;

/// What an app needs now.
#[derive(Debug, Default, PartialEq, Eq)]
struct Balance {
    /// Instances that must go.
    victims: Vec<InstanceId>,
    /// How many may be launched.
    missing: usize,
}

impl Core {
    /// Kills what is too much or out of date, and wants what misses.
    pub(super) fn converge(&mut self, app: &AppId, now: Now, turn: &mut Turn) {
        let instances: Vec<Arc<Instance>> = self.state.of(app).cloned().collect();
        let balance = match self.state.apps.get(app) {
            Some(definition) => balance(definition, &instances),
            None => Balance { victims: ids(&instances), missing: 0 },
        };
        for instance in instances.iter().filter(|i| balance.victims.contains(&i.id)) {
            self.doom(instance, Goal::Decommissioned, turn);
        }
        self.want(app, balance.missing, now);
    }

    /// Records that `instance` is to go, and has it killed.
    pub(super) fn doom(&mut self, instance: &Arc<Instance>, goal: Goal, turn: &mut Turn) {
        let known = self.state.instance(&instance.app, &instance.id);
        if known.is_none_or(|i| i.goal == goal || i.goal == Goal::Decommissioned) {
            return;
        }
        let doomed = Arc::new(Instance { goal, ..(**instance).clone() });
        turn.instance(&doomed);
        self.kills.add(doomed.id.clone());
        self.dirty.insert(doomed.app.clone());
        self.state.put_instance(doomed);
    }

    /// Forgets an instance that is gone for good.
    pub(super) fn expunge(&mut self, app: &AppId, id: &InstanceId, turn: &mut Turn) {
        turn.no_instance(id);
        self.state.remove_instance(app, id);
        self.kills.remove(id);
        self.reconciling.answered(id);
        self.dirty.insert(app.clone());
    }
}

fn balance(app: &AppDefinition, all: &[Arc<Instance>]) -> Balance {
    let wanted = app.instances as usize;
    let active = all.iter().filter(|i| i.is_active());
    let (new, old): (Vec<_>, Vec<_>) = active.partition(|i| i.config == app.config());
    let mut victims = excess(app, new.clone(), wanted);
    let missing = wanted.saturating_sub(new.len());
    if old.is_empty() {
        return Balance { victims, missing };
    }
    let strategy = &app.upgrade_strategy;
    let room = strategy.max_capacity(wanted).saturating_sub(all.len());
    let staying = new.iter().chain(&old).filter(|i| i.is_running() && !victims.contains(&i.id));
    let spare = staying.count().saturating_sub(strategy.min_healthy(wanted));
    let (running, idle): (Vec<_>, Vec<_>) = old.into_iter().partition(|i| i.is_running());
    victims.extend(idle.iter().map(|i| i.id.clone()));
    victims.extend(in_order(app, running).into_iter().take(spare).map(|i| i.id.clone()));
    Balance { victims, missing: missing.min(room) }
}

/// Those of `instances` that are more than `wanted`.
fn excess(app: &AppDefinition, instances: Vec<&Arc<Instance>>, wanted: usize) -> Vec<InstanceId> {
    let count = instances.len().saturating_sub(wanted);
    in_order(app, instances).into_iter().take(count).map(|i| i.id.clone()).collect()
}

/// In the order in which they are killed: those that do not serve first, then by age.
fn in_order<'a>(
    app: &AppDefinition,
    mut instances: Vec<&'a Arc<Instance>>,
) -> Vec<&'a Arc<Instance>> {
    instances.sort_by_key(|i| (i.goal == Goal::Running, i.is_running(), i.staged_at));
    if app.kill_selection == KillSelection::YoungestFirst {
        instances.sort_by_key(|i| {
            (i.goal == Goal::Running, i.is_running(), std::cmp::Reverse(i.staged_at))
        });
    }
    instances
}

fn ids(instances: &[Arc<Instance>]) -> Vec<InstanceId> {
    instances.iter().map(|i| i.id.clone()).collect()
}
