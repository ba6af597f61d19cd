use std::path::PathBuf;
use thiserror::Error;

/// Why a settings file could not be used.
#[derive(Debug, Error)]
pub enum SettingsError {
    #[error("{}: cannot be read: {source}", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{}: {cause}", path.display())]
    Parse { path: PathBuf, cause: String },
    #[error(
        "{}: is in format {found}, but this version of mesoform knows formats up to {known}; \
         run the version of mesoform that wrote it, or a later one",
        path.display()
    )]
    Format { path: PathBuf, found: u32, known: u32 },
    #[error("the settings cannot be written as YAML: {cause}")]
    Write { cause: String },
}
