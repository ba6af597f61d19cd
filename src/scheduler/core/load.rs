use super::State;
use crate::model::{AppDefinition, AppId, Deployment, Instance};
use crate::records::{APPS, DEPLOYMENTS, FRAMEWORK, INSTANCES, VERSIONS, decode};
use serde::de::DeserializeOwned;
use std::sync::Arc;
use thiserror::Error;

/// A record that cannot be read. The scheduler must not lead without it: it could launch twice.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("the record {key} in the quorum {cause}")]
pub struct LoadError {
    pub key: String,
    pub cause: String,
}

impl State {
    /// The state that the records `(key, value)` hold. Unknown keys are left alone.
    ///
    /// # Errors
    /// A record cannot be read.
    pub fn load<'a>(
        records: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    ) -> Result<Self, LoadError> {
        let mut state = Self::default();
        for (key, value) in records {
            state.take(key, value)?;
        }
        Ok(state)
    }

    fn take(&mut self, key: &str, value: &[u8]) -> Result<(), LoadError> {
        if key == FRAMEWORK {
            self.framework_id = Some(read(key, value)?);
        } else if key.starts_with(APPS) {
            let app: AppDefinition = read(key, value)?;
            self.apps.insert(app.id.clone(), Arc::new(app));
        } else if key.starts_with(VERSIONS) {
            let app: AppDefinition = read(key, value)?;
            self.put_version(&Arc::new(app));
        } else if key.starts_with(INSTANCES) {
            let instance: Instance = read(key, value)?;
            self.put_instance(Arc::new(instance));
        } else if key.starts_with(DEPLOYMENTS) {
            let deployment: Deployment = read(key, value)?;
            self.deployments.insert(deployment.id.clone(), Arc::new(deployment));
        }
        Ok(())
    }

    /// Adds to an app's history.
    pub fn put_version(&mut self, app: &Arc<AppDefinition>) {
        let versions = self.versions.entry(AppId::clone(&app.id)).or_default();
        Arc::make_mut(versions).insert(app.version, app.clone());
    }
}

fn read<T: DeserializeOwned>(key: &str, value: &[u8]) -> Result<T, LoadError> {
    decode(value).map_err(|cause| LoadError { key: key.to_owned(), cause })
}
