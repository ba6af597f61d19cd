use super::{AppId, Moment};
use mesoform_mesos::TaskState;
use serde::Serialize;

/// How an app's last failed task ended, as `lastTaskFailure` shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskFailure {
    pub app_id: AppId,
    pub host: String,
    pub message: String,
    pub state: TaskState,
    pub task_id: String,
    pub timestamp: Moment,
    pub version: Moment,
    pub slave_id: String,
}
