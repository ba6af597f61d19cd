use crate::fields::Fields;
use crate::mistake::{Mistakes, Notes};
use crate::modules::{self, Module};
use crate::yaml;

/// Bytes of a document at the most; clouds take 16 to 64 KiB.
pub const LARGEST: usize = 4 * 1024 * 1024;

/// A `#cloud-config` of which everything can be carried out.
pub struct Document {
    /// Its hash: what an instance's id is to cloud-init.
    pub id: String,
    modules: Vec<Box<dyn Module>>,
}

impl Document {
    /// Reads a document; `file` is its name in mistakes.
    ///
    /// # Errors
    /// All that is wrong with it, at once; what this version does not support is wrong too.
    pub fn parse(file: &str, text: &str) -> Result<Self, Mistakes> {
        let notes = Notes::default();
        let id = mesoform_plan::sha256_hex(text);
        let mut modules = Vec::new();
        if is_cloud_config(text, &notes)
            && let Some(node) = yaml::document(text, &notes)
            && node.value != yaml::Value::Null
            && let Some(mut fields) = Fields::of(&node, "", &notes)
        {
            modules = modules::read(&mut fields);
            fields.finish();
        }
        notes.conclude(file, Self { id, modules })
    }

    /// What it asks for, in cloud-init's order.
    pub fn modules(&self) -> &[Box<dyn Module>] {
        &self.modules
    }
}

/// The first line says what a document is.
fn is_cloud_config(text: &str, notes: &Notes) -> bool {
    let first = text.lines().next().unwrap_or_default().trim_end();
    let (cause, cure) = match first {
        _ if text.len() > LARGEST => {
            ("the document is larger than 4 MiB", "have files fetched in runcmd")
        }
        "#cloud-config" => return true,
        "## template: jinja" | "## template:jinja" => {
            ("templates of cloud-init's are not supported", "write what they would give")
        }
        _ if first.starts_with("#!") => ("this is a script", "run it from runcmd"),
        _ if first.to_lowercase().starts_with("content-type:") => {
            ("several parts in one are not supported", "give the #cloud-config alone")
        }
        _ => ("this is no #cloud-config", "its first line must be #cloud-config"),
    };
    notes.add(1, cause, cure);
    false
}

impl std::fmt::Debug for Document {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<_> = self.modules.iter().map(|module| module.name()).collect();
        f.debug_struct("Document").field("id", &self.id).field("modules", &names).finish()
    }
}
