//! A voter gets the data with which a quorum begins again.

use crate::exit::Exit;
use crate::render;
use mesoform_quorum::{Seeded, begin, stage, stage_own};
use mesoform_settings::QuorumSettings;
use serde_json::json;

/// Prepares them from the backup on standard input. The voter may run.
pub fn from_backup(settings: &QuorumSettings) -> anyhow::Result<Exit> {
    told(&stage(settings, &mut std::io::stdin().lock())?)
}

/// Prepares them from what the voter, which does not run, has itself.
pub fn from_own_data(settings: &QuorumSettings) -> anyhow::Result<Exit> {
    told(&stage_own(settings)?)
}

fn told(seeded: &Seeded) -> anyhow::Result<Exit> {
    render::json_line(&json!({
        "cluster_id": seeded.cluster_id, "node_id": seeded.node_id, "revision": seeded.revision,
    }));
    Ok(Exit::Fine)
}

/// Makes what was prepared the data of the voter, which does not run.
pub fn with_prepared(settings: &QuorumSettings, overwrite: bool) -> anyhow::Result<Exit> {
    let aside = begin(settings, overwrite)?;
    render::json_line(&json!({ "aside": aside }));
    Ok(Exit::Fine)
}
