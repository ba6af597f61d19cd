use std::error::Error as _;
use std::path::Path;
use thiserror::Error;

/// Why a template could not be rendered.
#[derive(Debug, Error)]
#[error("template {name}{}: {cause}", line.map(|l| format!(", line {l}")).unwrap_or_default())]
pub struct TemplateError {
    /// The name of an embedded one, the path of the operator's own.
    pub name: String,
    pub line: Option<usize>,
    pub cause: String,
}

impl TemplateError {
    pub(crate) fn of_file(path: &Path, cause: String) -> Self {
        Self { name: path.display().to_string(), line: None, cause }
    }
}

impl From<minijinja::Error> for TemplateError {
    fn from(error: minijinja::Error) -> Self {
        let detail = error.detail().map(|d| format!(": {d}")).unwrap_or_default();
        let source = error.source().map(|s| format!(" ({s})")).unwrap_or_default();
        Self {
            name: error.name().unwrap_or("(none)").to_owned(),
            line: error.line(),
            cause: format!("{}{detail}{source}", error.kind()),
        }
    }
}
