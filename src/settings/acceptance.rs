use crate::Settings;
use serde::{Deserialize, Serialize};

/// `accept-quorum.yml` in an agent's work folder: its operator's word that the masters of another quorum
/// are to be obeyed from now on. The agent takes it over at its start, and the file goes with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acceptance {
    pub format: u32,
    /// The quorum's id, in hexadecimal as etcd writes its cluster ids.
    pub quorum: String,
}

impl Acceptance {
    /// Its name in the agent's work folder.
    pub const FILE: &str = "accept-quorum.yml";
}

impl Settings for Acceptance {
    fn format(&self) -> u32 {
        self.format
    }
}
