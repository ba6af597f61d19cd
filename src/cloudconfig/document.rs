use crate::{UserEntry, WriteFile};
use serde::Serialize;

/// The first line, by which cloud-init knows a document.
pub const HEADER: &str = "#cloud-config\n";

/// The modules of a document that a plan needs. What is empty is left out: cloud-init's schema wants
/// lists to have an item.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CloudConfig {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<UserEntry>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub write_files: Vec<WriteFile>,
    /// Commands, word by word: no shell reads them. They come last, and once in a machine's life.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub runcmd: Vec<Vec<String>>,
}
