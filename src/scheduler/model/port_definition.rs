use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is spoken on a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Protocol {
    #[default]
    #[serde(rename = "tcp")]
    Tcp,
    #[serde(rename = "udp")]
    Udp,
    #[serde(rename = "udp,tcp", alias = "tcp,udp")]
    Both,
}

impl Protocol {
    /// As it stands in discovery information.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Both => "udp,tcp",
        }
    }
}

/// A port that each instance gets on its host.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PortDefinition {
    /// The service port for load balancers, or with `requirePorts` the port on the host.
    /// 0 until one is given.
    #[serde(default)]
    pub port: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default)]
    pub protocol: Protocol,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}

impl PortDefinition {
    /// The one port of an app that says nothing about ports.
    pub fn default_list() -> Vec<Self> {
        vec![Self { name: Some("default".to_owned()), ..Self::default() }]
    }

    /// From the older `ports` field.
    pub fn numbered(port: u16) -> Self {
        Self { port, ..Self::default() }
    }
}
