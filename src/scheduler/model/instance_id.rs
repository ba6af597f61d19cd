use super::AppId;
use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;

/// An app has one task per instance; this is what Marathon 1.10 puts behind the instance's id.
const TASK_SUFFIX: &str = "._app.1";

/// An instance of an app, such as `shop_web.instance-<uuid>`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct InstanceId(String);

impl InstanceId {
    /// A new instance of `app`.
    pub fn new(app: &AppId, uuid: Uuid) -> Self {
        Self(format!("{}.instance-{uuid}", app.safe_path()))
    }

    /// The id of the instance's task: `shop_web.instance-<uuid>._app.1`.
    pub fn task_id(&self) -> String {
        format!("{}{TASK_SUFFIX}", self.0)
    }

    /// The instance and the app that `task_id` belongs to; none for ids that are not of this kind.
    pub fn of_task(task_id: &str) -> Option<(Self, AppId)> {
        let id = task_id.strip_suffix(TASK_SUFFIX).unwrap_or(task_id);
        let (app, uuid) = id.rsplit_once(".instance-")?;
        Uuid::parse_str(uuid).ok()?;
        Some((Self(id.to_owned()), AppId::from_safe_path(app)?))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
