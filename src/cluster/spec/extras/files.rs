//! `mesoform_extra_files`.

use super::{FILES, Reader, path, text};
use mesoform_inventory::{Value, Var};
use mesoform_plan::{Ownership, Step};
use std::collections::BTreeSet;
use std::path::PathBuf;

impl Reader<'_> {
    pub(super) fn files(&mut self, var: &Var) -> Vec<Step> {
        let Some(items) = var.value.as_array() else {
            let cure = "write a list of files: - {path: /etc/motd, content: hello, mode: '0644'}";
            self.wrong(var, format!("{FILES} is no list"), cure);
            return Vec::new();
        };
        let steps: Vec<Step> = items.iter().filter_map(|item| self.file(var, item)).collect();
        let mut seen = BTreeSet::new();
        for path in steps.iter().filter_map(path) {
            if !seen.insert(path) {
                let cause = format!("{FILES} has {} twice", path.display());
                self.wrong(var, cause, "take one of the two out");
            }
        }
        steps
    }

    fn file(&mut self, var: &Var, item: &Value) -> Option<Step> {
        const KEYS: [&str; 7] = ["path", "content", "src", "directory", "mode", "owner", "group"];
        let known = |map: &serde_json::Map<String, Value>| {
            map.keys().find(|key| !KEYS.contains(&key.as_str())).cloned()
        };
        let Some(path) = item.get("path").and_then(Value::as_str) else {
            self.wrong(var, format!("a file of {FILES} has no path"), "give each its path: /etc/…");
            return None;
        };
        if let Some(key) = item.as_object().and_then(known) {
            let cause = format!("{path} in {FILES} has a {key:?}");
            self.wrong(var, cause, &format!("the keys are {}", KEYS.join(", ")));
        }
        let is_folder = item.get("directory").is_some_and(|value| value == true);
        let mode = self.mode(var, path, item, if is_folder { 0o755 } else { 0o644 });
        let owner = text(item, "owner").unwrap_or_else(|| "root".to_owned());
        let group = text(item, "group").unwrap_or_else(|| owner.clone());
        let ownership = Ownership::new(owner, group, mode);
        let place = PathBuf::from(path);
        let step = match is_folder {
            true => Step::Directory { path: place, ownership },
            false => {
                let content = self.content(var, path, item)?;
                Step::File { path: place, ownership, content }
            }
        };
        self.allowed(var, path, &step).then_some(step)
    }

    /// `'0644'` in quotes: without them nobody knows whether YAML took it for a number in eights.
    fn mode(&mut self, var: &Var, path: &str, item: &Value, default: u32) -> u32 {
        let mode = match item.get("mode") {
            None | Some(Value::Null) => return default,
            Some(Value::String(text)) => u32::from_str_radix(text, 8).ok(),
            Some(_) => None,
        };
        mode.unwrap_or_else(|| {
            let cause = format!("the mode of {path} in {FILES} is none");
            self.wrong(var, cause, "write it like '0644'");
            default
        })
    }
}
