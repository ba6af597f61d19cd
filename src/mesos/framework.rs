use crate::{Extra, FrameworkId, Labels};
use serde::{Deserialize, Serialize};

/// `FrameworkInfo`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct FrameworkInfo {
    /// The Unix user that its tasks run as, where a task names none. Required, as is the name, though
    /// both may be empty.
    pub user: String,
    pub name: String,
    /// Absent at the first subscription.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<FrameworkId>,
    /// Seconds that the master waits for a scheduler that went away before it ends the tasks; 0 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failover_timeout: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<bool>,
    /// From before MULTI_ROLE.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webui_url: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub capabilities: Vec<Capability>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<Labels>,
    #[serde(flatten)]
    pub extra: Extra,
}

/// `FrameworkInfo.Capability`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Capability {
    /// Text, so that capabilities unknown to us pass; see [`capability`].
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(flatten)]
    pub extra: Extra,
}

/// `FrameworkInfo.Capability.Type`.
pub mod capability {
    pub const PARTITION_AWARE: &str = "PARTITION_AWARE";
    pub const MULTI_ROLE: &str = "MULTI_ROLE";
    pub const TASK_KILLING_STATE: &str = "TASK_KILLING_STATE";
}

impl FrameworkInfo {
    /// A framework with this name, without more.
    pub fn new(name: impl Into<String>, user: impl Into<String>) -> Self {
        Self { name: name.into(), user: user.into(), ..Self::default() }
    }

    /// Adds a capability.
    #[must_use]
    pub fn with_capability(mut self, kind: &str) -> Self {
        if !self.has(kind) {
            self.capabilities.push(Capability { kind: kind.to_owned(), extra: Extra::new() });
        }
        self
    }

    /// Whether it has a capability.
    pub fn has(&self, kind: &str) -> bool {
        self.capabilities.iter().any(|c| c.kind == kind)
    }

    /// The roles that it subscribes to: `roles` with MULTI_ROLE, else `role`, else `*`.
    pub fn effective_roles(&self) -> Vec<String> {
        if self.has(capability::MULTI_ROLE) {
            return self.roles.clone();
        }
        vec![self.role.clone().unwrap_or_else(|| "*".to_owned())]
    }
}
