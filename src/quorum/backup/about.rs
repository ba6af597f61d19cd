use serde::{Deserialize, Serialize};

/// What a backup says of itself; the format of what follows first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// The level of the state, which it takes to read the rest.
    pub format: u32,
    /// The cluster's name.
    pub cluster: String,
    /// In hexadecimal, as etcd's clients show it.
    pub cluster_id: String,
    /// The newest revision in it.
    pub revision: i64,
    /// Up to which log entry the state has it.
    pub applied: u64,
    /// Seconds since 1970, by the clock of the voter that made it.
    pub made: u64,
    /// The version of mesoform that made it.
    pub version: String,
}
