use serde::{Deserialize, Serialize};
use similar::TextDiff;

/// Lines of a diff that are shown at most.
const MAX_LINES: usize = 400;

/// A text before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diff {
    pub old: String,
    pub new: String,
}

impl Diff {
    /// Unified, three lines of context, bounded; `name` stands in its head.
    pub fn unified(&self, name: &str) -> String {
        let text = TextDiff::from_lines(&self.old, &self.new)
            .unified_diff()
            .context_radius(3)
            .header(&format!("{name} (before)"), &format!("{name} (after)"))
            .to_string();
        bounded(text)
    }
}

fn bounded(text: String) -> String {
    let total = text.lines().count();
    if total <= MAX_LINES {
        return text;
    }
    let mut shown: String = text.split_inclusive('\n').take(MAX_LINES).collect();
    shown.push_str(&format!("… {} more lines\n", total - MAX_LINES));
    shown
}
