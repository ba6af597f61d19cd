use crate::GraphError;
use mesoform_settings::SettingsError;
use mesoform_template::TemplateError;
use thiserror::Error;

/// Why no plan could be made for a host.
#[derive(Debug, Error)]
pub enum HostPlanError {
    #[error(transparent)]
    Template(#[from] TemplateError),
    #[error(transparent)]
    Graph(#[from] GraphError),
    #[error("the template renders settings that the service would not read: {0}")]
    Settings(#[from] SettingsError),
}
