use super::task::task_info;
use crate::core::{Effect, TaskRef};
use mesoform_mesos::scheduler::{
    Accept, Acknowledge, CallBody, Decline, Kill, Reconcile, ReconcileTask, Revive, Suppress,
};
use mesoform_mesos::{AgentId, Binary, Filters, OfferId, Operation, TaskId};
use std::time::Duration;

/// The call that an effect is; none for what does not concern the master.
pub fn call(effect: Effect) -> Option<CallBody> {
    let body = match effect {
        Effect::Reply { .. } => return None,
        Effect::Accept { offer_id, launches, refuse } => CallBody::Accept(Accept {
            offer_ids: vec![OfferId::new(offer_id)],
            operations: vec![Operation::launch(launches.iter().map(task_info).collect())],
            filters: filters(refuse),
        }),
        Effect::Decline { offer_ids, refuse } => CallBody::Decline(Decline {
            offer_ids: offer_ids.into_iter().map(OfferId::new).collect(),
            filters: filters(refuse),
        }),
        Effect::Revive => CallBody::Revive(Revive::default()),
        Effect::Suppress => CallBody::Suppress(Suppress::default()),
        Effect::Kill(task) => CallBody::Kill(Kill {
            task_id: TaskId::new(task.task_id),
            agent_id: task.agent_id.map(AgentId::new),
            kill_policy: None,
        }),
        Effect::Acknowledge { task, uuid } => CallBody::Acknowledge(Acknowledge {
            agent_id: AgentId::new(task.agent_id?),
            task_id: TaskId::new(task.task_id),
            uuid: Binary(uuid),
        }),
        Effect::ReconcileAll => CallBody::Reconcile(Reconcile { tasks: Vec::new() }),
        Effect::Reconcile(tasks) => {
            CallBody::Reconcile(Reconcile { tasks: tasks.into_iter().map(reconciled).collect() })
        }
    };
    Some(body)
}

fn reconciled(task: TaskRef) -> ReconcileTask {
    ReconcileTask { task_id: TaskId::new(task.task_id), agent_id: task.agent_id.map(AgentId::new) }
}

fn filters(refuse: Duration) -> Option<Filters> {
    Some(Filters { refuse_seconds: Some(refuse.as_secs_f64()) })
}
