use crate::model::{AppDefinition, AppId, Instance, Moment, Problems};
use std::sync::Arc;
use thiserror::Error;

/// What came of a command.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// The app was created.
    Created { app: Arc<AppDefinition>, deployment: String },
    /// A deployment is on its way.
    Deploying { deployment: String, version: Moment, created: bool },
    /// These are being killed.
    Killing(Vec<Arc<Instance>>),
    /// Nothing more to say.
    Done,
}

/// Why a command was not carried out. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum Refusal {
    #[error("App '{0}' does not exist")]
    NoSuchApp(AppId),
    #[error("App '{0}' does not exist in version {1}")]
    NoSuchVersion(AppId, Moment),
    #[error("DeploymentPlan {0} does not exist")]
    NoSuchDeployment(String),
    #[error("Application {0} not found in tasks queue.")]
    NotQueued(AppId),
    #[error("An app with id [{0}] already exists.")]
    Exists(AppId),
    #[error(
        "App is locked by one or more deployments. Override with the option '?force=true'. View \
         details at '/v2/deployments/<DEPLOYMENT_ID>'."
    )]
    Locked(Vec<String>),
    #[error("Object is not valid")]
    Invalid(Problems),
    #[error("one change may touch at most {max} apps, this one touches {count}; split it")]
    TooMany { count: usize, max: usize },
}
