use super::{AppId, InstanceId, Moment};
use mesoform_mesos::TaskState;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What an instance is to become.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Goal {
    /// It is wanted.
    Running,
    /// It is being killed, and still takes its place until it is gone.
    Replaced,
    /// It is being killed, and its place is free.
    Decommissioned,
}

/// Whether a task in `state` is there as far as anyone knows.
pub const fn is_live(state: TaskState) -> bool {
    matches!(
        state,
        TaskState::Staging | TaskState::Starting | TaskState::Running | TaskState::Killing
    )
}

/// Whether the app is to blame for `state`, so that the next launch waits.
pub const fn earns_delay(state: TaskState) -> bool {
    matches!(
        state,
        TaskState::Failed
            | TaskState::Finished
            | TaskState::Error
            | TaskState::Dropped
            | TaskState::Gone
    )
}

/// One instance of an app on one host; its record is written before its task is launched.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Instance {
    pub id: InstanceId,
    pub app: AppId,
    /// The app's version at the launch.
    pub version: Moment,
    /// The app's configuration at the launch.
    pub config: Moment,
    pub agent_id: String,
    pub host: String,
    /// The agent's attributes (and `@region`, `@zone`) as text, for constraints.
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
    pub ports: Vec<u16>,
    pub goal: Goal,
    pub state: TaskState,
    pub staged_at: Moment,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Moment>,
}

impl Instance {
    /// Whether it takes one of the app's places.
    pub fn is_active(&self) -> bool {
        self.goal != Goal::Decommissioned
    }

    /// Whether it serves.
    pub fn is_running(&self) -> bool {
        self.state == TaskState::Running && self.goal == Goal::Running
    }

    /// What a constraint's field is on this instance's agent.
    pub fn field(&self, name: &str) -> Option<&str> {
        match name {
            "hostname" | "@hostname" => Some(&self.host),
            attribute => self.attributes.get(attribute).map(String::as_str),
        }
    }
}
