use mesoform_plan::PlanError;
use mesoform_template::TemplateError;
use std::fmt;
use thiserror::Error;

/// Why a plan could not be written as a document.
#[derive(Debug, Error)]
pub enum RenderError {
    #[error(transparent)]
    Template(#[from] TemplateError),
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error("template {name}: {cause}")]
    Skeleton { name: String, cause: String },
    #[error(
        "{host}: its document has {size} bytes, {} more than the {limit} that fit; the largest parts: \
         {largest}; take something out (mesoform_extra_files, mesoform_extra_cloud_config), or name a \
         larger limit if the target has one (--target, --limit-bytes)", size - limit
    )]
    TooLarge { host: String, size: usize, limit: usize, largest: Parts },
    #[error("the document cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("a content cannot be compressed: {0}")]
    Pack(#[from] std::io::Error),
}

/// Parts of a document with their bytes, the largest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parts(pub Vec<(String, usize)>);

impl fmt::Display for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, (part, bytes)) in self.0.iter().enumerate() {
            let comma = if number > 0 { ", " } else { "" };
            write!(f, "{comma}{part} ({bytes})")?;
        }
        Ok(())
    }
}
