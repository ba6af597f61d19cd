//! The services' configuration files: written by `mesoform up`, read by the services.
//!
//! One YAML file per service, `/etc/mesoform/<service>.yml`. Unknown keys are errors, so that a typo
//! does not pass as a default. Durations are whole milliseconds (`…_ms`); addresses are `host:port`.

mod acceptance;
mod agent;
mod certificates;
mod common;
mod error;
mod master;
mod quorum;
mod scheduler;

pub use acceptance::Acceptance;
pub use agent::{AgentSettings, Attribute, Launcher, ResourceSettings};
pub use certificates::{CertificatesSettings, RenewalSettings};
pub use common::{
    EtcdClient, EtcdSettings, EtcdTls, FORMAT, HttpSettings, PkiPaths, QuorumClientSettings, Scheme,
};
pub use error::SettingsError;
pub use master::MasterSettings;
pub use quorum::{QuorumSettings, Voter};
pub use scheduler::SchedulerSettings;

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::Path;

/// A settings file that says which format it is written in.
pub trait Settings: DeserializeOwned + Serialize {
    /// The format number that stands in the file.
    fn format(&self) -> u32;
}

/// Reads the settings in `path`.
///
/// # Errors
/// The file cannot be read, is no YAML of this shape (with line and column), or is in a newer
/// format than this version knows.
pub fn load<S: Settings>(path: &Path) -> Result<S, SettingsError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| SettingsError::Read { path: path.to_owned(), source })?;
    parse(&text, path)
}

/// Reads settings from `text`; `path` is only named in errors.
///
/// # Errors
/// As [`load`].
pub fn parse<S: Settings>(text: &str, path: &Path) -> Result<S, SettingsError> {
    let settings: S = serde_saphyr::from_str(text)
        .map_err(|e| SettingsError::Parse { path: path.to_owned(), cause: e.to_string() })?;
    if settings.format() > FORMAT {
        return Err(SettingsError::Format {
            path: path.to_owned(),
            found: settings.format(),
            known: FORMAT,
        });
    }
    Ok(settings)
}

/// Writes settings as YAML, as they go into the file.
///
/// # Errors
/// The settings cannot be expressed as YAML.
pub fn to_yaml<S: Settings>(settings: &S) -> Result<String, SettingsError> {
    serde_saphyr::to_string(settings).map_err(|e| SettingsError::Write { cause: e.to_string() })
}

#[cfg(test)]
mod tests;
