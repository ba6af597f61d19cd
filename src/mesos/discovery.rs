use crate::{Extra, Labels};
use serde::{Deserialize, Serialize};

/// `DiscoveryInfo`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DiscoveryInfo {
    pub visibility: Visibility,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ports: Option<Ports>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<Labels>,
    #[serde(flatten)]
    pub extra: Extra,
}

/// `DiscoveryInfo.Visibility`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Visibility {
    Framework,
    Cluster,
    External,
}

/// `Ports`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Ports {
    #[serde(default)]
    pub ports: Vec<Port>,
}

/// `Port`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Port {
    pub number: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<Labels>,
    #[serde(flatten)]
    pub extra: Extra,
}
