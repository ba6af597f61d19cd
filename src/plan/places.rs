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

/// Where the fingerprint of the inputs that `unit` was last started with is kept.
pub fn inputs_file(unit: &str) -> PathBuf {
    Path::new(UNITS).join(format!("{unit}.inputs"))
}

/// Where the unit file of `unit` lies.
pub fn unit_file(unit: &str) -> PathBuf {
    Path::new(SYSTEMD_UNITS).join(unit)
}
