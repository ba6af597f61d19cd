//! Variable files: YAML 1.1 as PyYAML reads it, with the place of each variable.

mod compose;
mod scalar;
#[cfg(test)]
mod tests;

pub use scalar::resolve as yaml_word;

use crate::findings::Findings;
use crate::{Mistake, Origin, Var, Vars};
use compose::{Failure, Top};
use std::sync::Arc;

/// Whether the text is YAML, and a mapping at the top.
pub(crate) fn is_mapping(text: &str) -> bool {
    matches!(compose::document(text), Ok(Top::Mapping(_)))
}

/// The variables that a YAML (or JSON) text holds; `origin` is the file.
pub(crate) fn variables(text: &str, origin: &Origin, findings: &mut Findings) -> Vars {
    if text.starts_with("$ANSIBLE_VAULT;") {
        findings.mistake(origin.clone(), Mistake::Vault);
        return Vars::new();
    }
    match compose::document(text) {
        Ok(Top::Empty) => {}
        Ok(Top::Mapping(entries)) => {
            let var = |entry: compose::Entry| {
                let origin = origin.at(entry.line, Some(entry.column));
                (Arc::from(entry.key), Arc::new(Var { value: entry.value, origin }))
            };
            return entries.into_iter().map(var).collect();
        }
        Ok(Top::Other(found)) => findings.mistake(origin.clone(), Mistake::NotVariables { found }),
        Err(Failure::Vault { line }) => findings.mistake(origin.at(line, None), Mistake::Vault),
        Err(Failure::Syntax { line, column, cause }) => {
            findings.mistake(origin.at(line, Some(column)), Mistake::Yaml { cause });
        }
    }
    Vars::new()
}
