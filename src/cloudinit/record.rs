use crate::host::FOLDER;
use crate::host::{Gate, Look};
use crate::{Action, CloudInitError, FileAction, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What has been done on a host, so that it is done once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The hash of the document that this is about.
    document: String,
    /// Names of modules that have done their work.
    done: BTreeSet<String>,
    /// What was appended, whichever document asked for it: an appended line stays one line.
    #[serde(default)]
    appended: BTreeSet<String>,
}

impl Record {
    /// Where it lies.
    pub fn place() -> PathBuf {
        Path::new(FOLDER).join("record.json")
    }

    /// What is recorded on the host about this document. Another document begins anew, as another
    /// instance does to cloud-init.
    ///
    /// # Errors
    /// The record cannot be read; one that cannot be understood counts as none.
    pub fn of(look: &dyn Look, document: &str) -> Result<Self> {
        let text = look.text(&Self::place())?.unwrap_or_default();
        let mut record: Self = serde_json::from_str(&text).unwrap_or_default();
        if record.document != document {
            record.document = document.to_owned();
            record.done.clear();
        }
        Ok(record)
    }

    pub fn is_done(&self, module: &str) -> bool {
        self.done.contains(module)
    }

    pub fn has_appended(&self, name: &str) -> bool {
        self.appended.contains(name)
    }

    pub fn module_done(&mut self, module: &str) {
        self.done.insert(module.to_owned());
    }

    pub fn module_undone(&mut self, module: &str) {
        self.done.remove(module);
    }

    pub fn appended(&mut self, name: &str) {
        self.appended.insert(name.to_owned());
    }

    /// Writes it down.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn store(&self, look: &dyn Look, gate: &mut dyn Gate) -> Result<()> {
        let text = serde_json::to_string(self)
            .map_err(|error| CloudInitError::io("writing", Self::place())(error.into()))?;
        let file =
            FileAction { mode: 0o600, ..FileAction::new(Self::place(), format!("{text}\n")) };
        gate.perform(look, &Action::File(file))
    }
}
