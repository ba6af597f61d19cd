use std::path::{Path, PathBuf};

/// `name fingerprint`: which cluster this host belongs to.
pub const CLUSTER: &str = "/etc/mesoform/cluster";
/// What mesoform keeps on a host between runs.
pub const STATE: &str = "/var/lib/mesoform";
/// Who works on this host now.
pub const LOCK: &str = "/var/lib/mesoform/lock";
/// One folder per run.
pub const RUNS: &str = "/var/lib/mesoform/runs";
/// The id of the latest run.
pub const RUNS_LAST: &str = "/var/lib/mesoform/runs/last";
/// What each unit was last started with.
pub const UNITS: &str = "/var/lib/mesoform/units";
/// Where unit files of ours lie.
pub const SYSTEMD_UNITS: &str = "/etc/systemd/system";
/// Fetches the binary of a host that booted from a document; whoever brings one takes it away.
pub const FETCH_UNIT: &str = "mesoform-artifact.service";
/// Joins a host that booted from a document; `up` takes it away.
pub const JOIN_UNIT: &str = "mesoform-join.service";
/// What that unit goes by, the token among it (0600).
pub const JOIN: &str = "/etc/mesoform/join.json";
/// The keys that it made and has no certificates for yet (0600).
pub const JOIN_KEYS: &str = "/var/lib/mesoform/join-keys.json";
/// Leads to the binary that `mesoform` is on a host.
pub const PROGRAM: &str = "/opt/mesoform/bin/mesoform";

/// Where the fingerprint of the inputs that `unit` was last started with is kept.
pub fn inputs_file(unit: &str) -> PathBuf {
    Path::new(UNITS).join(format!("{unit}.inputs"))
}

/// What enables `unit` for the start of the machine.
pub fn wants_link(unit: &str) -> PathBuf {
    Path::new(SYSTEMD_UNITS).join("multi-user.target.wants").join(unit)
}

/// Where the unit file of `unit` lies.
pub fn unit_file(unit: &str) -> PathBuf {
    Path::new(SYSTEMD_UNITS).join(unit)
}
