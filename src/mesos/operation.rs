use crate::{ExecutorInfo, Extra, TaskInfo};
use serde::{Deserialize, Serialize};

/// `Offer.Operation`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Operation {
    /// Text, so that an unknown operation can be answered rather than fail the whole call; see
    /// [`operation_kind`].
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub launch: Option<Launch>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub launch_group: Option<LaunchGroup>,
    #[serde(flatten)]
    pub extra: Extra,
}

/// `Offer.Operation.Type`.
pub mod operation_kind {
    pub const LAUNCH: &str = "LAUNCH";
    pub const LAUNCH_GROUP: &str = "LAUNCH_GROUP";
}

/// `Offer.Operation.Launch`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Launch {
    #[serde(default)]
    pub task_infos: Vec<TaskInfo>,
}

/// `Offer.Operation.LaunchGroup`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LaunchGroup {
    pub executor: ExecutorInfo,
    pub task_group: TaskGroupInfo,
}

/// `TaskGroupInfo`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct TaskGroupInfo {
    #[serde(default)]
    pub tasks: Vec<TaskInfo>,
}

impl Operation {
    /// LAUNCH of these tasks.
    pub fn launch(task_infos: Vec<TaskInfo>) -> Self {
        Self {
            kind: operation_kind::LAUNCH.to_owned(),
            launch: Some(Launch { task_infos }),
            launch_group: None,
            extra: Extra::new(),
        }
    }
}
