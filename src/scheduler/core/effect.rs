use super::{Answer, Refusal};
use crate::model::{AppDefinition, Instance};
use std::sync::Arc;
use std::time::Duration;

/// A task and where it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskRef {
    pub task_id: String,
    pub agent_id: Option<String>,
}

impl TaskRef {
    /// The task of `instance`.
    pub fn of(instance: &Instance) -> Self {
        Self { task_id: instance.id.task_id(), agent_id: Some(instance.agent_id.clone()) }
    }
}

/// An instance to launch, and the definition to launch it from.
#[derive(Debug, Clone, PartialEq)]
pub struct Launch {
    pub instance: Arc<Instance>,
    pub app: Arc<AppDefinition>,
}

/// What the shell has to do once a turn's records are committed.
#[derive(Debug, PartialEq)]
pub enum Effect {
    Reply {
        id: u64,
        answer: Result<Answer, Refusal>,
    },
    Accept {
        offer_id: String,
        launches: Vec<Launch>,
        refuse: Duration,
    },
    Decline {
        offer_ids: Vec<String>,
        refuse: Duration,
    },
    Revive,
    Suppress,
    /// The grace period stands in the task itself.
    Kill(TaskRef),
    Acknowledge {
        task: TaskRef,
        uuid: Vec<u8>,
    },
    Reconcile(Vec<TaskRef>),
    /// The master is to tell of all tasks of this framework that have not ended.
    ReconcileAll,
}
