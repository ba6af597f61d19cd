use crate::Outcome;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

/// What a host says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Facts {
    /// `ID` of os-release, for example `debian`.
    pub os_id: String,
    /// `VERSION_ID` of os-release, for example `12`.
    pub os_version: String,
    /// `uname -m`, for example `x86_64`.
    pub arch: String,
    /// `uname -r`.
    pub kernel: String,
    pub hostname: String,
    /// The version of systemd where it is the first process.
    pub systemd: Option<u32>,
    /// The host's clock, milliseconds since 1970.
    pub epoch_ms: i64,
    /// TCP ports in state LISTEN, on whatever address.
    pub listening: BTreeSet<u16>,
    /// Whose those are, where that is known.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub holders: BTreeMap<u16, Vec<Holder>>,
    /// Addresses of global scope.
    pub addresses: Vec<IpAddr>,
    /// Of the names that were asked for those that do not resolve.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub unresolved: BTreeSet<String>,
    /// Free MiB for everybody under `/opt` and `/var/lib`.
    pub disk_free_mib: BTreeMap<PathBuf, u64>,
    /// MiB.
    pub mem_total_mib: u64,
    pub cpus: u32,
    /// Of whoever looked.
    pub uid: u32,
    /// There is a `sudo`.
    pub has_sudo: bool,
    /// `sudo` asks no password now (true for root).
    pub free_sudo: bool,
    /// The cluster that the host belongs to.
    pub cluster: Option<ClusterMark>,
    /// The latest run of mesoform on this host.
    pub last_run: Option<LastRun>,
    pub lock: Option<Lock>,
}

/// A process that listens on a port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The kernel's short name for it.
    pub name: String,
    pub pid: u32,
    /// The service of systemd that it belongs to.
    pub unit: Option<String>,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (pid {}", self.name, self.pid)?;
        match &self.unit {
            Some(unit) => write!(f, ", {unit})"),
            None => f.write_str(")"),
        }
    }
}

/// `/etc/mesoform/cluster`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterMark {
    pub name: String,
    /// SHA-256 of the CA certificate's DER, hexadecimal.
    pub fingerprint: String,
}

/// A run, and how it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastRun {
    pub id: String,
    /// `None`: it still runs, or was interrupted; the host's session can tell which.
    pub outcome: Option<Outcome>,
}

/// Who works on a host: `/var/lib/mesoform/lock`, one line of JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    pub owner: String,
    pub run_id: String,
    /// Another one for each session: where a run comes back after its connection was cut, its old
    /// session must not take the lock along when it notices.
    #[serde(default)]
    pub session: String,
    /// The host's clock, milliseconds since 1970.
    pub since_ms: i64,
    /// The host's clock; later than this the lock means nothing.
    pub expires_ms: i64,
    /// The host's clock when the holder's session last heard of its operator, as of the last renewal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heard_ms: Option<i64>,
}

impl Lock {
    /// How long a lock holds after it was last renewed, milliseconds.
    pub const TERM_MS: i64 = 30_000;
    /// How often an operator beats, milliseconds.
    pub const BEAT_MS: i64 = 10_000;
    /// A session that hears nothing of its operator for so long ends, and gives its lock back,
    /// milliseconds.
    pub const SILENCE_MS: i64 = 30_000;
    /// How often a session renews its lock, milliseconds.
    pub const RENEW_MS: i64 = 5_000;

    /// A lock that ends later than any lock can was written before the clock was set back.
    pub fn is_held(&self, now_ms: i64) -> bool {
        now_ms < self.expires_ms && self.expires_ms <= now_ms + 2 * Self::TERM_MS
    }

    /// The longest time until the lock is free where its operator, or all of its session, is gone
    /// and no job works, milliseconds.
    pub fn free_within_ms(&self, now_ms: i64) -> i64 {
        let silent = self.heard_ms.map(|heard| {
            // What came after the last renewal is not written down.
            heard.saturating_add(Self::SILENCE_MS + Self::RENEW_MS)
        });
        let ends = silent.unwrap_or(self.expires_ms).max(self.expires_ms);
        ends.saturating_sub(now_ms).clamp(0, Self::SILENCE_MS + Self::RENEW_MS)
    }
}
