use super::{AppId, Constraint, KillSelection, Moment, PortDefinition, UpgradeStrategy};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// When an app was last changed, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VersionInfo {
    pub last_scaling_at: Moment,
    /// Instances that were launched under another one than this are out of date.
    pub last_config_change_at: Moment,
}

/// An app as it is stored, with all defaults filled in. Field names are Marathon's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AppDefinition {
    pub id: AppId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cmd: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
    /// Who runs it on the agents; none: the framework's user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    pub instances: u32,
    /// Cores.
    pub cpus: f64,
    /// MiB.
    pub mem: f64,
    /// MiB.
    pub disk: f64,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    pub port_definitions: Vec<PortDefinition>,
    pub require_ports: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub constraints: Vec<Constraint>,
    pub backoff_seconds: u64,
    pub backoff_factor: f64,
    pub max_launch_delay_seconds: u64,
    pub upgrade_strategy: UpgradeStrategy,
    pub kill_selection: KillSelection,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_kill_grace_period_seconds: Option<u64>,
    pub version: Moment,
    pub version_info: VersionInfo,
}

impl AppDefinition {
    /// An app of which only the id is known: Marathon's defaults.
    pub fn with_defaults(id: AppId) -> Self {
        Self {
            id,
            cmd: None,
            args: Vec::new(),
            user: None,
            instances: 1,
            cpus: 1.0,
            mem: 128.0,
            disk: 0.0,
            env: BTreeMap::new(),
            labels: BTreeMap::new(),
            port_definitions: PortDefinition::default_list(),
            require_ports: false,
            constraints: Vec::new(),
            backoff_seconds: 1,
            backoff_factor: 1.15,
            max_launch_delay_seconds: 300,
            upgrade_strategy: UpgradeStrategy::default(),
            kill_selection: KillSelection::default(),
            task_kill_grace_period_seconds: None,
            version: Moment::default(),
            version_info: VersionInfo::default(),
        }
    }

    /// The configuration's version: what decides whether an instance is up to date.
    pub fn config(&self) -> Moment {
        self.version_info.last_config_change_at
    }

    /// Whether running instances of `self` can go on as instances of `other`.
    pub fn same_configuration(&self, other: &Self) -> bool {
        let neutral = Self {
            instances: other.instances,
            version: other.version,
            version_info: other.version_info,
            ..self.clone()
        };
        neutral == *other
    }

    /// Bytes of its record.
    pub fn size(&self) -> usize {
        serde_json::to_vec(self).map_or(usize::MAX, |text| text.len())
    }

    /// The JSON that the API shows: what is stored, and what is fixed as things stand.
    pub fn to_json(&self) -> Value {
        let mut value = serde_json::to_value(self).unwrap_or_default();
        let fixed = json!({
            "acceptedResourceRoles": ["*"],
            "executor": "",
            "gpus": 0,
            "healthChecks": [],
            "networks": [{ "mode": "host" }],
            "role": "*",
            "unreachableStrategy": { "inactiveAfterSeconds": 0, "expungeAfterSeconds": 0 },
        });
        if let (Some(shown), Value::Object(fixed)) = (value.as_object_mut(), fixed) {
            shown.extend(fixed);
        }
        value
    }
}
