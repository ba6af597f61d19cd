use mesoform_cluster::{Observer, Progress};
use std::io::Write;

/// One JSON object a line on standard output, and nothing else there.
pub struct Json;

impl Observer for Json {
    fn on(&self, progress: Progress) {
        print(&progress);
    }
}

/// Prints one object. Nobody reading any more is no reason to stop a run half way.
pub fn print(value: &impl serde::Serialize) {
    if let Ok(line) = serde_json::to_string(value) {
        let _ = writeln!(std::io::stdout().lock(), "{line}");
    }
}
