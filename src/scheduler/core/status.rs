use super::{Core, Effect, Now, TaskRef, Turn, Update};
use crate::model::{Goal, Instance, InstanceId, TaskFailure, earns_delay, is_live};
use mesoform_mesos::{TaskState, reason};
use std::sync::Arc;

impl Core {
    /// A task's status: recorded, then acknowledged.
    pub(super) fn update(&mut self, update: &Update, now: Now, turn: &mut Turn) {
        let known = InstanceId::of_task(&update.task_id)
            .and_then(|(id, app)| self.state.instance(&app, &id).cloned());
        match known {
            Some(instance) if is_live(update.state) => self.alive(&instance, update, now, turn),
            Some(instance) => self.ended(&instance, update, now, turn),
            // It was given up, perhaps while its agent could not be reached, and is replaced; or it was
            // launched after the backup was made that was restored.
            None if is_live(update.state) => turn.then(Effect::Kill(task_of(update))),
            None => {}
        }
        if let (Some(uuid), Some(_)) = (&update.uuid, &update.agent_id) {
            turn.then(Effect::Acknowledge { task: task_of(update), uuid: uuid.clone() });
        }
    }

    fn alive(&mut self, instance: &Arc<Instance>, update: &Update, now: Now, turn: &mut Turn) {
        self.reconciling.answered(&instance.id);
        if instance.state == update.state {
            return;
        }
        let running = update.state == TaskState::Running;
        let started_at = instance.started_at.or(running.then_some(now.wall));
        let changed = Instance { state: update.state, started_at, ..(**instance).clone() };
        if running && changed.goal != Goal::Running {
            // The kill may have overtaken the launch.
            self.kills.add(changed.id.clone());
        }
        if running && let Some(app) = self.state.apps.get(&changed.app) {
            self.delays.started(app, now);
        }
        turn.instance(&changed);
        self.dirty.insert(changed.app.clone());
        self.state.put_instance(Arc::new(changed));
    }

    fn ended(&mut self, instance: &Instance, update: &Update, now: Now, turn: &mut Turn) {
        let unwanted = instance.goal == Goal::Running && update.state != TaskState::Killed;
        if unwanted {
            self.note_failure(instance, update, now);
        }
        let app = self.state.apps.get(&instance.app);
        if let Some(app) = app.filter(|app| app.config() == instance.config)
            && unwanted
            && earns_delay(update.state)
            && update.reason.as_deref() != Some(reason::INVALID_OFFERS)
        {
            self.delays.failed(app, now);
        }
        self.expunge(&instance.app, &instance.id, turn);
    }

    fn note_failure(&mut self, instance: &Instance, update: &Update, now: Now) {
        let failure = TaskFailure {
            app_id: instance.app.clone(),
            host: instance.host.clone(),
            message: update.message.clone(),
            state: update.state,
            task_id: update.task_id.clone(),
            timestamp: now.wall,
            version: instance.version,
            slave_id: instance.agent_id.clone(),
        };
        self.state.failures.insert(instance.app.clone(), Arc::new(failure));
    }
}

fn task_of(update: &Update) -> TaskRef {
    TaskRef { task_id: update.task_id.clone(), agent_id: update.agent_id.clone() }
}
