//! The records in the quorum, below `/mesoform/scheduler/`: JSON objects that say their format.

use crate::model::{AppId, InstanceId, Moment};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The newest format of records that this version reads and writes.
pub const FORMAT: u32 = 1;

/// All of them.
pub const PREFIX: &str = "/mesoform/scheduler/";
/// The framework's id.
pub const FRAMEWORK: &str = "/mesoform/scheduler/framework";
/// Apps as they are now.
pub const APPS: &str = "/mesoform/scheduler/apps/";
/// Every version of each app that is kept.
pub const VERSIONS: &str = "/mesoform/scheduler/versions/";
/// Instances that live.
pub const INSTANCES: &str = "/mesoform/scheduler/instances/";
/// Deployments that are under way.
pub const DEPLOYMENTS: &str = "/mesoform/scheduler/deployments/";

/// No path of an app holds this character, so that no key is another one's prefix by accident.
const SEPARATOR: char = '#';

pub fn app_key(app: &AppId) -> String {
    format!("{APPS}{}", app.as_str().trim_start_matches('/'))
}

pub fn versions_prefix(app: &AppId) -> String {
    format!("{VERSIONS}{}{SEPARATOR}", app.as_str().trim_start_matches('/'))
}

pub fn version_key(app: &AppId, version: Moment) -> String {
    format!("{}{version}", versions_prefix(app))
}

pub fn instance_key(id: &InstanceId) -> String {
    format!("{INSTANCES}{id}")
}

pub fn deployment_key(id: &str) -> String {
    format!("{DEPLOYMENTS}{id}")
}

#[derive(Serialize, Deserialize)]
struct Envelope<T> {
    format: u32,
    record: T,
}

#[derive(Deserialize)]
struct Format {
    format: u32,
}

/// `record` as it is stored.
pub fn encode<T: Serialize>(record: &T) -> String {
    // Records are made of texts, numbers, lists and maps with text keys: they always have a JSON form.
    serde_json::to_string(&Envelope { format: FORMAT, record }).unwrap_or_default()
}

/// Reads what [`encode`] wrote.
///
/// # Errors
/// What is wrong with it, a newer format included.
pub fn decode<T: DeserializeOwned>(text: &[u8]) -> Result<T, String> {
    let Format { format } = serde_json::from_slice(text).map_err(|e| e.to_string())?;
    if format > FORMAT {
        return Err(format!(
            "is in format {format}, but this version of mesoform knows formats up to {FORMAT}; run \
             the version that wrote it, or a later one"
        ));
    }
    let envelope: Envelope<T> = serde_json::from_slice(text).map_err(|e| e.to_string())?;
    Ok(envelope.record)
}
